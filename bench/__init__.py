"""What the service costs, measured: every budget beside a reference of the same run, and how cost grows with size.

python -m bench              # all budgets, and the curve up to 100,000 assignments
QUICK=1 python -m bench      # under a minute: fewer rounds, the curve up to 10,000
python -m bench --million    # the curve up to 1,000,000
"""
