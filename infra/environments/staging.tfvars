# As prod, but with one NAT gateway and half of the tasks on Fargate Spot.
environment = "staging"

nat                 = "single"
fargate_base        = 1
fargate_weight      = 1
fargate_spot_weight = 1
allow_destroy       = true

# The account has GitHub's identity provider already where dev is in the same one.
create_github_oidc_provider = false

environment_variables = {
  LOG_LEVEL = "info"
}
