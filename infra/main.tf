locals {
  prefix       = "${var.name}-${var.environment}"
  cluster_name = local.prefix
  family       = local.prefix
  repository   = coalesce(var.repository_name, var.name)
  role_path    = coalesce(var.role_path, "/${local.prefix}/")
  log_group    = "/ecs/${local.prefix}"
  https        = var.certificate_arn != null || var.domain_name != null

  # Without NAT and without endpoints a private subnet reaches nothing.
  public_tasks = var.vpc_id == null && var.nat == "none" && !var.vpc_endpoints

  endpoint_services = !var.vpc_endpoints ? [] : concat(
    ["ecr.api", "ecr.dkr", "logs", "secretsmanager"],
    var.execute_command ? ["ssmmessages"] : [],
    var.capacity == "ec2" ? ["ecs", "ecs-agent", "ecs-telemetry"] : [],
  )

  vpc_id          = var.vpc_id != null ? var.vpc_id : module.network[0].vpc_id
  public_subnets  = var.vpc_id != null ? var.public_subnet_ids : module.network[0].public_subnet_ids
  private_subnets = var.vpc_id != null ? var.private_subnet_ids : module.network[0].private_subnet_ids

  fargate_shares = [
    for share in [
      { name = "FARGATE", base = var.fargate_base, weight = var.fargate_weight },
      { name = "FARGATE_SPOT", base = 0, weight = var.fargate_spot_weight },
    ] : share if share.base > 0 || share.weight > 0
  ]
}

# What this state is of. It is written once and never changes, so that a folder that meets the state of another
# environment, or another name in it, is refused before anything is planned to be replaced.
resource "terraform_data" "identity" {
  input = { name = var.name, environment = var.environment, region = var.aws_region }

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == { name = var.name, environment = var.environment, region = var.aws_region }
      error_message = "This state is of ${try("${self.output.name}-${self.output.environment} in ${self.output.region}", "another stack")}, and the folder is of ${local.prefix} in ${var.aws_region}. Run terraform init in the folder of the environment; neither name, environment nor region of a stack can change: make a stack beside it, and destroy the old one from its own folder."
    }
  }
}

module "network" {
  source = "./modules/network"
  count  = var.vpc_id == null ? 1 : 0

  prefix                   = local.prefix
  region                   = var.aws_region
  cidr                     = var.vpc_cidr
  zone_count               = var.zone_count
  places                   = coalesce(var.subnet_places, { public = [0, 1, 4], private = [2, 3, 5] })
  nat                      = var.nat
  endpoint_services        = local.endpoint_services
  flow_logs                = var.flow_logs
  log_retention_days       = var.log_retention_days
  log_key_arn              = local.log_key_arn
  permissions_boundary_arn = module.deploy_role.boundary_arn
  role_path                = local.role_path
}

# One for all environments of the account, in the stack of the account.
data "aws_ecr_repository" "this" {
  name = local.repository
}

module "load_balancer" {
  source = "./modules/load-balancer"

  prefix                       = local.prefix
  vpc_id                       = local.vpc_id
  subnet_ids                   = var.internal ? local.private_subnets : local.public_subnets
  internal                     = var.internal
  allowed_cidrs                = var.allowed_cidrs
  container_port               = var.container_port
  health_check_path            = var.health_check_path
  deregistration_delay_seconds = var.deregistration_delay_seconds
  idle_timeout_seconds         = var.idle_timeout_seconds
  https                        = local.https
  certificate_arn              = var.certificate_arn
  domain_name                  = var.domain_name
  hosted_zone_id               = var.hosted_zone_id
  ssl_policy                   = var.ssl_policy
  access_logs                  = var.access_logs
  waf                          = var.waf
  log_retention_days           = var.log_retention_days
  log_key_arn                  = local.log_key_arn
  allow_destroy                = var.allow_destroy
}

module "observability" {
  source = "./modules/observability"

  prefix           = local.prefix
  region           = var.aws_region
  cluster_name     = local.cluster_name
  service_name     = var.name
  load_balancer    = module.load_balancer.arn_suffix
  target_group     = module.load_balancer.target_group_arn_suffix
  log_group        = aws_cloudwatch_log_group.container.name
  alarm_5xx_count  = var.alarm_5xx_count
  alarm_topic_arns = var.alarm_topic_arns
}

module "ec2_capacity" {
  source = "./modules/ec2-capacity"
  count  = var.capacity == "ec2" ? 1 : 0

  prefix                   = local.prefix
  region                   = var.aws_region
  cluster_name             = local.cluster_name
  vpc_id                   = local.vpc_id
  subnet_ids               = local.private_subnets
  instance_type            = var.instance_type
  cpu_architecture         = var.cpu_architecture
  gpu                      = var.gpus > 0
  min_size                 = var.instance_min
  max_size                 = var.instance_max
  allow_destroy            = var.allow_destroy
  permissions_boundary_arn = module.deploy_role.boundary_arn
  role_path                = local.role_path
}

module "service" {
  source = "./modules/service"

  prefix                            = local.prefix
  name                              = var.name
  cluster_name                      = local.cluster_name
  family                            = local.family
  region                            = var.aws_region
  image                             = coalesce(var.bootstrap_image, "${data.aws_ecr_repository.this.repository_url}:bootstrap")
  repository_arn                    = data.aws_ecr_repository.this.arn
  capacity                          = var.capacity
  capacity_providers                = var.capacity == "fargate" ? local.fargate_shares : [for name in module.ec2_capacity[*].capacity_provider_name : { name = name, base = 0, weight = 1 }]
  cluster_capacity_providers        = concat(["FARGATE", "FARGATE_SPOT"], module.ec2_capacity[*].capacity_provider_name)
  cpu                               = var.cpu
  memory                            = var.memory
  cpu_architecture                  = var.cpu_architecture
  gpus                              = var.gpus
  ephemeral_storage_gib             = var.ephemeral_storage_gib
  container_port                    = var.container_port
  environment_variables             = var.environment_variables
  secrets                           = var.secrets
  secrets_kms_key_arns              = var.secrets_kms_key_arns
  task_role_policy                  = var.task_role_policy
  writable_paths                    = var.writable_paths
  container_health_check            = var.container_health_check
  stop_timeout_seconds              = var.stop_timeout_seconds
  health_check_grace_period_seconds = var.health_check_grace_period_seconds
  execute_command                   = var.execute_command
  container_insights                = var.container_insights
  desired_count                     = var.desired_count
  min_capacity                      = var.min_capacity
  max_capacity                      = var.max_capacity
  cpu_target_percent                = var.cpu_target_percent
  memory_target_percent             = var.memory_target_percent
  night                             = var.night
  vpc_id                            = local.vpc_id
  subnet_ids                        = local.public_tasks ? local.public_subnets : local.private_subnets
  assign_public_ip                  = local.public_tasks
  load_balancer_security_group_id   = module.load_balancer.security_group_id
  target_group_arn                  = module.load_balancer.target_group_arn
  alarm_names                       = module.observability.alarm_names
  log_group_name                    = aws_cloudwatch_log_group.container.name
  log_group_arn                     = aws_cloudwatch_log_group.container.arn
  log_key_arn                       = local.log_key_arn
  exec_log_group_name               = one(aws_cloudwatch_log_group.exec[*].name)
  exec_log_group_arn                = one(aws_cloudwatch_log_group.exec[*].arn)
  permissions_boundary_arn          = module.deploy_role.boundary_arn
  role_path                         = local.role_path
}

# One for an account, in the stack of the account: no environment can take it along when it goes.
data "aws_iam_openid_connect_provider" "github" {
  url = "https://token.actions.githubusercontent.com"
}

module "deploy_role" {
  source = "./modules/deploy-role"

  prefix                   = local.prefix
  region                   = var.aws_region
  cluster_name             = local.cluster_name
  service_names            = [var.name]
  families                 = [local.family]
  repository_names         = [local.repository]
  log_group_names          = [local.log_group]
  task_role_names          = [split(":role/", module.service.task_role_arn)[1]]
  execution_role_names     = [split(":role/", module.service.execution_role_arn)[1]]
  identity_provider_arn    = data.aws_iam_openid_connect_provider.github.arn
  github_repository        = var.github_repository
  github_owner_id          = var.github_owner_id
  github_repository_id     = var.github_repository_id
  github_subject_format    = var.github_subject_format
  deploy_context           = var.deploy_from == "branch" ? "ref:refs/heads/${var.github_branch}" : "environment:${coalesce(var.github_environment, var.environment)}"
  infra_context            = "environment:${coalesce(var.github_infra_environment, "${var.environment}-infra")}"
  infra_plan_context       = "environment:${coalesce(var.github_infra_plan_environment, "${var.environment}-plan")}"
  github_branch            = var.github_branch
  ec2_capacity             = var.capacity == "ec2"
  secret_arns              = [for arn in distinct(values(var.secrets)) : join(":", slice(split(":", arn), 0, 7)) if strcontains(arn, ":secretsmanager:")]
  domain_names             = compact([var.domain_name])
  role_path                = local.role_path
  permissions_boundary_arn = var.permissions_boundary_arn
  hosted_zone_id           = var.hosted_zone_id
  state_bucket             = var.state_bucket
  state_key                = "${local.prefix}.tfstate"
}
