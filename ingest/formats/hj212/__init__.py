"""HJ 212: how China's stations for air, dust and noise report to a monitoring centre. docs/hj212.md."""
