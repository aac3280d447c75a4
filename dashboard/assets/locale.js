// Plotly's own words and dates in Chinese; plotly.js takes them up when it loads.
(function () {
  "use strict";
  const numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
  const weekdays = ["日", "一", "二", "三", "四", "五", "六"];
  (window.PlotlyLocales ??= []).push({
    moduleType: "locale",
    name: "zh-CN",
    dictionary: {
      Autoscale: "自动缩放",
      "Double-click to zoom back out": "双击返回原图",
      "Double-click on legend to isolate one trace": "双击图例只显示一条",
      Reset: "重置",
      "Reset axes": "重置坐标轴",
      "Reset view": "重置视图",
      Zoom: "缩放",
      "Zoom in": "放大",
      "Zoom out": "缩小",
      "new text": "新文本",
    },
    format: {
      days: weekdays.map((day) => `星期${day}`),
      shortDays: weekdays.map((day) => `周${day}`),
      months: numerals.map((month) => `${month}月`),
      shortMonths: numerals.map((_, n) => `${n + 1}月`),
      date: "%Y/%m/%d",
      dateTime: "%Y-%m-%d %H:%M:%S",
    },
  });
})();
