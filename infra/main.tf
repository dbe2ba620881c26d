locals {
  prefix       = "${var.name}-${var.environment}"
  cluster_name = local.prefix
  role_path    = coalesce(var.role_path, "/${local.prefix}/")
  log_group    = "/ecs/${local.prefix}"
  https        = var.certificate_arn != null || var.domain_name != null

  # The service of the variables, in the groups in which services has it.
  main = {
    capacity = {
      kind                = var.capacity
      fargate_base        = var.fargate_base
      fargate_weight      = var.fargate_weight
      fargate_spot_weight = var.fargate_spot_weight
    }
    task = {
      cpu                   = var.cpu
      memory                = var.memory
      cpu_architecture      = var.cpu_architecture
      gpus                  = var.gpus
      ephemeral_storage_gib = var.ephemeral_storage_gib
      stop_timeout_seconds  = var.stop_timeout_seconds
      writable_paths        = var.writable_paths
    }
    container = {
      repository_name      = var.repository_name
      bootstrap_image      = var.bootstrap_image
      port                 = var.container_port
      environment          = var.environment_variables
      secrets              = var.secrets
      secrets_kms_key_arns = var.secrets_kms_key_arns
      health_check         = var.container_health_check
    }
    roles = { task_policy = var.task_role_policy }
    load_balancer = {
      grace_seconds        = var.health_check_grace_period_seconds
      deregistration_delay = var.deregistration_delay_seconds
      health_check         = { path = var.health_check_path }
    }
    scaling = {
      desired        = var.desired_count
      min            = var.min_capacity
      max            = var.max_capacity
      cpu_percent    = var.cpu_target_percent
      memory_percent = var.memory_target_percent
      schedules = { for name, schedule in {
        stop  = { at = try(var.night.stop, ""), min = 0, max = 0, timezone = try(var.night.timezone, "Etc/UTC") }
        start = { at = try(var.night.start, ""), min = var.min_capacity, max = var.max_capacity, timezone = try(var.night.timezone, "Etc/UTC") }
      } : name => schedule if var.night != null }
    }
  }

  # What services says of the same service goes over it. A group that is null there is none.
  over = try(var.services[var.name], {})
  given = merge(var.services, { (var.name) = merge(
    { for group, values in local.over : group => values if !contains(keys(local.main), group) },
    { for group, values in local.main : group => merge(values, try(local.over[group], {})) if try(local.over[group], {}) != null },
  ) })

  services = module.settings.services
  balanced = { for name, service in local.services : name => service.load_balancer if service.load_balancer != null }
  mesh     = [for name, service in local.services : name if service.connect != null]
  on_ec2   = [for name, service in local.services : name if service.capacity.kind == "ec2"]

  # Beginning of every name of a service. No prefix of a stack holds two hyphens, so that these are told apart from them.
  prefixes     = { for name in keys(local.services) : name => name == var.name ? local.prefix : "${local.prefix}--${name}" }
  repositories = { for name, service in local.services : name => coalesce(service.container.repository_name, name) }
  log_groups   = { for name in keys(local.services) : name => name == var.name ? aws_cloudwatch_log_group.container : aws_cloudwatch_log_group.service[name] }
  secrets      = distinct(flatten([for service in values(local.services) : concat(values(service.container.secrets), flatten([for sidecar in values(service.container.sidecars) : values(sidecar.secrets)]))]))

  # Without NAT and without endpoints a private subnet reaches nothing.
  public_tasks = coalesce(var.assign_public_ip, var.vpc_id == null && var.nat == "none" && !var.vpc_endpoints)

  # A subnet cannot move: the first zones of a stack keep their places when more are added.
  subnet_places = coalesce(var.subnet_places, { public = [0, 1, 4], private = [2, 3, 5] })

  endpoint_services = !var.vpc_endpoints ? [] : concat(
    ["ecr.api", "ecr.dkr", "logs", "secretsmanager"],
    var.execute_command ? ["ssmmessages"] : [],
    var.execute_command && var.log_encryption ? ["kms"] : [],
    anytrue([for arn in local.secrets : strcontains(arn, ":ssm:")]) ? ["ssm"] : [],
    length(local.on_ec2) > 0 ? ["ecs", "ecs-agent", "ecs-telemetry"] : [],
  )

  vpc_id          = var.vpc_id != null ? var.vpc_id : module.network[0].vpc_id
  public_subnets  = var.vpc_id != null ? var.public_subnet_ids : module.network[0].public_subnet_ids
  private_subnets = var.vpc_id != null ? var.private_subnet_ids : module.network[0].private_subnet_ids

  shares = { for name, service in local.services : name => [
    for share in [
      { name = "FARGATE", base = service.capacity.fargate_base, weight = service.capacity.fargate_weight },
      { name = "FARGATE_SPOT", base = 0, weight = service.capacity.fargate_spot_weight },
    ] : share if share.base > 0 || share.weight > 0
  ] }

  # What a program can know of its task by itself from nowhere else. What the service sets goes over it.
  told = { for name, service in local.services : name => { for key, value in merge(
    {
      STOP_TIMEOUT_SECONDS = tostring(service.task.stop_timeout_seconds)
      TASK_CPU             = tostring(service.task.cpu)
      TASK_MEMORY_MIB      = tostring(service.task.memory)
    },
    service.container.port == null ? {} : { PORT = tostring(service.container.port) },
    # Longer than the load balancer keeps an idle connection, or it would send a request into one that closes.
    service.load_balancer == null ? {} : { KEEP_ALIVE_SECONDS = tostring(var.idle_timeout_seconds + 5) },
    service.container.environment,
  ) : key => value if !contains(keys(service.container.secrets), key) } }
}

module "settings" {
  source = "./modules/settings"

  services = local.given
  given    = local.given
}

locals {
  here     = { name = var.name, environment = var.environment, region = var.aws_region }
  not_here = "and the folder is of ${local.prefix} in ${var.aws_region}. Run terraform init in the folder of the environment; neither name, environment nor region of a stack can change: make a stack beside it, and destroy the old one from its own folder."
}

# What this state is of. It is written once and never changes, so that a folder that meets the state of another
# environment, or another name or region in it, is refused before anything is planned to be replaced.
resource "terraform_data" "identity" {
  input = local.here

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == local.here
      error_message = "This state is of ${try("${self.output.name}-${self.output.environment} in ${self.output.region}", "another stack")}, ${local.not_here}"
    }
  }
}

# What a stack that serves cannot change: all that serves would be made again somewhere else. It is written once.
resource "terraform_data" "fixed" {
  input = {
    vpc_id    = var.vpc_id
    vpc_cidr  = var.vpc_id == null ? var.vpc_cidr : null
    public    = var.vpc_id == null ? slice(local.subnet_places.public, 0, var.zone_count) : []
    private   = var.vpc_id == null ? slice(local.subnet_places.private, 0, var.zone_count) : []
    internal  = var.internal
    role_path = local.role_path
  }

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output.vpc_id == var.vpc_id
      error_message = "${local.prefix} is in ${self.output.vpc_id == null ? "a VPC of its own" : coalesce(self.output.vpc_id, "-")}, and vpc_id names another: the load balancer and the tasks cannot move. Make a stack beside it with the new vpc_id, deploy to it, point the users there, and destroy this one then."
    }

    postcondition {
      condition     = var.vpc_id != null || self.output.vpc_id != null || self.output.vpc_cidr == var.vpc_cidr
      error_message = "The VPC of ${local.prefix} has the range ${coalesce(self.output.vpc_cidr, "-")}, which cannot change: vpc_cidr would replace it with all that is in it. Make a stack beside it with the new vpc_cidr, deploy to it, point the users there, and destroy this one then."
    }

    postcondition {
      condition = var.vpc_id != null || self.output.vpc_id != null || alltrue([
        for kind in ["public", "private"] : alltrue([
          for zone, place in self.output[kind] : zone >= length(local.subnet_places[kind]) || try(local.subnet_places[kind][zone] == place, false)
        ])
      ])
      error_message = "The subnets of ${local.prefix} have the places { public = ${jsonencode(self.output.public)}, private = ${jsonencode(self.output.private)} }, and a subnet cannot move: let subnet_places begin with them."
    }

    postcondition {
      condition     = self.output.internal == var.internal
      error_message = "The load balancer of ${local.prefix} is ${self.output.internal ? "internal" : "public"}, and the setting internal would replace it, with its address. Make a stack beside it with the new value, deploy to it, point the users there, and destroy this one then."
    }

    postcondition {
      condition     = self.output.role_path == local.role_path
      error_message = "The roles of ${local.prefix} are under ${self.output.role_path}, and a role cannot move to ${local.role_path}: revisions that run name it. Set role_path = \"${self.output.role_path}\"."
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
  places                   = local.subnet_places
  nat                      = var.nat
  endpoint_services        = local.endpoint_services
  flow_logs                = var.flow_logs
  log_retention_days       = var.log_retention_days
  log_key_arn              = local.log_key_arn
  permissions_boundary_arn = module.deploy_role.boundary_arn
  role_path                = local.role_path
}

# One repository for all environments of the account, in the stack of the account.
data "aws_ecr_repository" "this" {
  for_each = toset(values(local.repositories))

  name = each.key
}

module "load_balancer" {
  source = "./modules/load-balancer"
  count  = length(local.balanced) > 0 ? 1 : 0

  prefix               = local.prefix
  vpc_id               = local.vpc_id
  subnet_ids           = var.internal ? local.private_subnets : local.public_subnets
  internal             = var.internal
  allowed_cidrs        = var.allowed_cidrs
  targets              = { for name, balancer in local.balanced : name => merge(balancer, { prefix = local.prefixes[name], port = local.services[name].container.port }) }
  idle_timeout_seconds = var.idle_timeout_seconds
  https                = local.https
  certificate_arn      = var.certificate_arn
  domain_name          = var.domain_name
  hosted_zone_id       = var.hosted_zone_id
  ssl_policy           = var.ssl_policy
  access_logs          = var.access_logs
  waf                  = var.waf
  waf_rate_limit       = var.waf_rate_limit
  upload_paths         = var.upload_paths
  log_retention_days   = var.log_retention_days
  log_key_arn          = local.log_key_arn
  allow_destroy        = var.allow_destroy
}

module "observability" {
  source = "./modules/observability"

  prefix           = local.prefix
  region           = var.aws_region
  cluster_name     = local.cluster_name
  service_names    = keys(local.services)
  services         = { for name, balancer in local.balanced : name => { prefix = local.prefixes[name], target_group = module.load_balancer[0].target_group_arn_suffixes[name], grace_seconds = balancer.grace_seconds } }
  load_balancer    = one(module.load_balancer[*].arn_suffix)
  log_groups       = [for name in sort(keys(local.services)) : local.log_groups[name].name]
  dashboard        = var.dashboard
  alarm_5xx_count  = var.alarm_5xx_count
  alarm_topic_arns = var.alarm_topic_arns
}

module "ec2_capacity" {
  source = "./modules/ec2-capacity"
  count  = length(local.on_ec2) > 0 ? 1 : 0

  prefix                   = local.prefix
  region                   = var.aws_region
  cluster_name             = local.cluster_name
  vpc_id                   = local.vpc_id
  subnet_ids               = local.private_subnets
  instance_type            = var.instance_type
  further_types            = var.further_instance_types
  spot_percent             = var.instance_spot_percent
  on_demand_base           = var.instance_on_demand_base
  cpu_architecture         = local.services[local.on_ec2[0]].task.cpu_architecture
  gpu                      = anytrue([for name in local.on_ec2 : local.services[name].task.gpus > 0])
  min_size                 = var.instance_min
  max_size                 = var.instance_max
  allow_destroy            = var.allow_destroy
  permissions_boundary_arn = module.deploy_role.boundary_arn
  role_path                = local.role_path
}

module "cluster" {
  source = "./modules/cluster"

  name               = local.cluster_name
  container_insights = var.container_insights
  exec               = !var.execute_command ? null : { log_group = aws_cloudwatch_log_group.exec[0].name, key_arn = local.log_key_arn }
  capacity_providers = module.ec2_capacity[*].capacity_provider_name
  connect            = length(local.mesh) == 0 ? null : { vpc_id = local.vpc_id }
}

module "service" {
  source   = "./modules/service"
  for_each = local.services

  identity = { prefix = local.prefixes[each.key], name = each.key, family = local.prefixes[each.key], region = var.aws_region }

  cluster = {
    arn       = module.cluster.arn
    name      = local.cluster_name
    capacity  = each.value.capacity.kind
    strategy  = each.value.capacity.kind == "fargate" ? local.shares[each.key] : [for name in module.ec2_capacity[*].capacity_provider_name : { name = name, base = 0, weight = 1 }]
    namespace = each.value.connect == null ? null : module.cluster.namespace_arn
  }

  task = merge(each.value.task, { execute_command = var.execute_command })

  container = merge(each.value.container, {
    image       = coalesce(each.value.container.bootstrap_image, "${data.aws_ecr_repository.this[local.repositories[each.key]].repository_url}:bootstrap")
    environment = local.told[each.key]
  })

  roles = merge(each.value.roles, {
    repository_arns          = [data.aws_ecr_repository.this[local.repositories[each.key]].arn]
    permissions_boundary_arn = module.deploy_role.boundary_arn
    path                     = local.role_path
  })

  network = {
    vpc_id = local.vpc_id
    # A task on an instance gets no public address, and so no way out of a public subnet.
    subnet_ids         = local.public_tasks && each.value.capacity.kind == "fargate" ? local.public_subnets : local.private_subnets
    public_ip          = local.public_tasks && each.value.capacity.kind == "fargate"
    security_group_ids = concat(each.value.network.security_group_ids, [for id in [module.cluster.connect_security_group_id] : id if each.value.connect != null])
    egress             = each.value.network.egress
  }

  load_balancer = each.value.load_balancer == null ? null : {
    target_group_arn  = module.load_balancer[0].target_group_arns[each.key]
    security_group_id = module.load_balancer[0].security_group_id
    grace_seconds     = each.value.load_balancer.grace_seconds
    protocol_version  = each.value.load_balancer.protocol_version
    request_label     = "${module.load_balancer[0].arn_suffix}/${module.load_balancer[0].target_group_arn_suffixes[each.key]}"
  }

  connect = each.value.connect == null ? null : {
    server   = each.value.connect.server
    dns_name = coalesce(each.value.connect.dns_name, each.key)
    port     = try(coalesce(each.value.connect.port, each.value.container.port), null)
  }

  scaling = merge(each.value.scaling, { desired = coalesce(each.value.scaling.desired, each.value.scaling.min) })

  logs = {
    group          = { name = local.log_groups[each.key].name, arn = local.log_groups[each.key].arn }
    exec_group_arn = one(aws_cloudwatch_log_group.exec[*].arn)
    key_arn        = local.log_key_arn
  }

  deployment = {
    minimum_percent = each.value.deployment.minimum_percent
    maximum_percent = each.value.deployment.maximum_percent
    alarm_names     = concat(each.value.deployment.alarms ? lookup(module.observability.alarm_names, each.key, []) : [], each.value.deployment.alarm_names)
  }
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
  service_names            = concat(keys(local.services), keys(var.codedeploy_services))
  families                 = concat(values(local.prefixes), values(var.codedeploy_services)[*].family)
  repository_names         = distinct(values(local.repositories))
  log_group_names          = concat([for name in keys(local.services) : local.log_groups[name].name], values(var.codedeploy_services)[*].log_group)
  task_role_names          = concat([for service in values(module.service) : split(":role/", service.task_role_arn)[1]], flatten(values(var.codedeploy_services)[*].roles))
  execution_role_names     = [for service in values(module.service) : split(":role/", service.execution_role_arn)[1]]
  identity_provider_arn    = data.aws_iam_openid_connect_provider.github.arn
  github_repository        = var.github_repository
  github_owner_id          = var.github_owner_id
  github_repository_id     = var.github_repository_id
  github_subject_format    = var.github_subject_format
  deploy_context           = var.deploy_from == "branch" ? "ref:refs/heads/${var.github_branch}" : "environment:${coalesce(var.github_environment, var.environment)}"
  infra_context            = "environment:${coalesce(var.github_infra_environment, "${var.environment}-infra")}"
  infra_plan_context       = "environment:${coalesce(var.github_infra_plan_environment, "${var.environment}-plan")}"
  github_branch            = var.github_branch
  ec2_capacity             = length(local.on_ec2) > 0
  secret_arns              = [for arn in local.secrets : join(":", slice(split(":", arn), 0, 7)) if strcontains(arn, ":secretsmanager:")]
  domain_names             = compact([var.domain_name])
  role_path                = local.role_path
  permissions_boundary_arn = var.permissions_boundary_arn
  hosted_zone_id           = var.hosted_zone_id
  state_bucket             = var.state_bucket
  state_key                = "${local.prefix}.tfstate"

  codedeploy_services         = keys(var.codedeploy_services)
  deregister_failed_revisions = var.deregister_failed_revisions
}
