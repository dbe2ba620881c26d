# Cheap, and gone at night: no NAT, ARM64, Fargate Spot.
environment = "dev"

nat                 = "none"
cpu                 = 512
memory              = 1024
cpu_architecture    = "ARM64"
fargate_weight      = 0
fargate_spot_weight = 1
max_capacity        = 2

night = {
  stop     = "cron(0 20 ? * MON-FRI *)"
  start    = "cron(0 7 ? * MON-FRI *)"
  timezone = "Europe/Berlin"
}

container_insights = false
log_encryption     = false
flow_logs          = false
access_logs        = false
execute_command    = true
allow_destroy      = true

environment_variables = {
  LOG_LEVEL = "debug"
}
