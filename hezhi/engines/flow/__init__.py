"""Life cycles, work orders, working-time limits, to-dos and approvals (流程、承办单、时限、待办、审批)."""
