# The defaults of the stack, with two tasks, so that one zone may fail.
environment = "prod"

desired_count      = 2
min_capacity       = 2
max_capacity       = 8
log_retention_days = 30
waf                = true

# The account has GitHub's identity provider already where dev is in the same one.
create_github_oidc_provider = false

environment_variables = {
  LOG_LEVEL = "info"
}
