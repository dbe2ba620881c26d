# What the variables refuse. Nothing is planned: each run fails at its variables.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
  }
}

variables {
  environment       = "prod"
  github_repository = "octo-org/video"
}

run "one_value_of_each" {
  command = plan

  variables {
    # long name
    name = "a-name-that-is-much-too-long"
    # environment with capitals
    environment = "Prod"
    # repository with capitals
    repository_name = "Shared"
    # no path
    role_path = "backend"
    # wildcard repository
    github_repository = "octo-org/*"
    # one id alone
    github_owner_id = 1
    # immutable without ids
    github_subject_format = "immutable"
    # deployments from pull requests
    deploy_from = "pull_request"
    # wildcard environment
    github_environment = "*"
    # wildcard branch
    github_branch = "*"
    # wildcard service of CodeDeploy
    codedeploy_services = { "*" = { family = "checkout", log_group = "/ecs/checkout", roles = [] } }
    # no boundary
    permissions_boundary_arn = "boundary"
    # subnets without network
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    # small network
    vpc_cidr = "10.0.0.0/28"
    # one zone
    zone_count = 1
    # no address range
    allowed_cidrs = ["everywhere"]
    # no limit
    waf_rate_limit = 0
    # pattern for a path
    upload_paths = ["/.*"]
    # old tls
    ssl_policy = "ELBSecurityPolicy-2016-08"
    # unknown architecture
    cpu_architecture = "arm64"
    # small disk
    ephemeral_storage_gib = 20
    # no share at all
    fargate_weight = 0
    # range upside down
    instance_min = 5
    # no port
    container_port = 0
    # wildcard secret
    secrets = { KEY = "arn:aws:secretsmanager:us-east-1:111122223333:secret:*" }
    # no policy
    task_role_policy = "everything"
    # relative path
    writable_paths = ["tmp"]
    # path without slash
    health_check_path = "health"
    # check without form
    container_health_check = ["curl", "localhost"]
    # long stop
    stop_timeout_seconds = 300
    # scaling upside down
    max_capacity = 0
    # more than all cpu
    cpu_target_percent = 101
    # night without cron
    night = { stop = "20:00", start = "07:00" }
    # odd retention
    log_retention_days = 8
    # topic by name
    alarm_topic_arns = ["operators"]
  }

  expect_failures = [
    var.name,
    var.environment,
    var.repository_name,
    var.role_path,
    var.github_repository,
    var.github_owner_id,
    var.github_subject_format,
    var.deploy_from,
    var.github_environment,
    var.github_branch,
    var.codedeploy_services,
    var.permissions_boundary_arn,
    var.private_subnet_ids,
    var.vpc_cidr,
    var.zone_count,
    var.allowed_cidrs,
    var.waf_rate_limit,
    var.upload_paths,
    var.ssl_policy,
    var.cpu_architecture,
    var.ephemeral_storage_gib,
    var.fargate_spot_weight,
    var.instance_max,
    var.container_port,
    var.secrets,
    var.task_role_policy,
    var.writable_paths,
    var.health_check_path,
    var.container_health_check,
    var.stop_timeout_seconds,
    var.max_capacity,
    var.cpu_target_percent,
    var.night,
    var.log_retention_days,
    var.alarm_topic_arns,
  ]
}

run "and_otherwise" {
  command = plan

  variables {
    # certificate and domain
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/x"
    domain_name     = "api.example.com"
    hosted_zone_id  = "Z0123"
  }

  expect_failures = [var.certificate_arn]
}

run "network_without_subnets" {
  command = plan

  variables {
    vpc_id             = "vpc-0123456789abcdef0"
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
  }

  expect_failures = [var.public_subnet_ids]
}

run "environment_of_logs" {
  command = plan

  variables {
    environment = "logs"
  }

  expect_failures = [var.environment]
}

run "subnets_in_one_place" {
  command = plan

  variables {
    subnet_places = { public = [0, 1], private = [1, 2] }
  }

  expect_failures = [var.subnet_places]
}

run "nothing_to_scale_from" {
  command = plan

  variables {
    min_capacity = 0
  }

  expect_failures = [var.min_capacity]
}

run "more_tasks_than_there_may_be" {
  command = plan

  variables {
    desired_count = 10
  }

  expect_failures = [var.desired_count]
}

run "odd_cron" {
  command = plan

  variables {
    night = { stop = "cron(a b c d e f)", start = "cron(0 7 ? * MON-FRI *)" }
  }

  expect_failures = [var.night]
}

run "name_that_load_balancers_may_not_have" {
  command = plan

  variables {
    name = "internal-api"
  }

  expect_failures = [var.name]
}

run "ranges_of_hosts" {
  command = plan

  variables {
    vpc_cidr      = "10.0.0.5/16"
    allowed_cidrs = ["203.0.113.7/24"]
  }

  expect_failures = [var.vpc_cidr, var.allowed_cidrs]
}

run "ipv6" {
  command = plan

  variables {
    allowed_cidrs = ["::/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "network_settings_that_do_nothing" {
  command = plan

  variables {
    vpc_id             = "vpc-0123456789abcdef0"
    public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    nat                = "single"
    zone_count         = 3
  }

  expect_failures = [var.nat, var.zone_count]
}

run "one_subnet_twice" {
  command = plan

  variables {
    vpc_id             = "vpc-0123456789abcdef0"
    public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef0"]
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
  }

  expect_failures = [var.public_subnet_ids]
}

run "service_on_instances_without_a_way_out" {
  command = plan

  variables {
    nat      = "none"
    services = { gpu = { capacity = { kind = "ec2" } } }
  }

  expect_failures = [var.nat]
}

run "service_of_another_architecture_than_the_instances" {
  command = plan

  variables {
    services = { arm = { capacity = { kind = "ec2" }, task = { cpu_architecture = "ARM64" } } }
  }

  expect_failures = [var.instance_type]
}

run "service_with_gpus_on_instances_without" {
  command = plan

  variables {
    services = { gpu = { capacity = { kind = "ec2" }, task = { gpus = 1 } } }
  }

  expect_failures = [var.instance_type]
}

run "unknown_nat" {
  command = plan

  variables {
    nat = "two"
  }

  expect_failures = [var.nat]
}

run "instances_without_a_way_out" {
  command = plan

  variables {
    capacity = "ec2"
    nat      = "none"
  }

  expect_failures = [var.nat]
}

run "unknown_capacity" {
  command = plan

  variables {
    capacity = "lambda"
  }

  expect_failures = [var.capacity]
}

run "cpu_that_fargate_lacks" {
  command = plan

  variables {
    cpu = 1000
  }

  expect_failures = [var.cpu]
}

run "memory_that_fargate_lacks" {
  command = plan

  variables {
    memory = 1024
  }

  expect_failures = [var.memory]
}

run "memory_between_the_steps" {
  command = plan

  variables {
    cpu    = 8192
    memory = 17408
  }

  expect_failures = [var.memory]
}

run "graviton_without_arm" {
  command = plan

  variables {
    capacity      = "ec2"
    instance_type = "m7g.large"
  }

  expect_failures = [var.instance_type]
}

run "arm_without_graviton" {
  command = plan

  variables {
    capacity         = "ec2"
    cpu_architecture = "ARM64"
  }

  expect_failures = [var.instance_type]
}

run "gpus_on_fargate" {
  command = plan

  variables {
    gpus = 1
  }

  expect_failures = [var.gpus]
}

run "gpus_on_any_instance" {
  command = plan

  variables {
    capacity = "ec2"
    gpus     = 1
  }

  expect_failures = [var.gpus]
}

run "odd_variable" {
  command = plan

  variables {
    environment_variables = { "A-B" = "1" }
  }

  expect_failures = [var.environment_variables]
}

run "secret_and_variable" {
  command = plan

  variables {
    environment_variables = { KEY = "1" }
    secrets               = { KEY = "arn:aws:ssm:us-east-1:111122223333:parameter/key" }
  }

  expect_failures = [var.secrets]
}

run "no_region" {
  command = plan

  variables {
    aws_region = "frankfurt"
  }

  expect_failures = [var.aws_region]
}

run "certificate_of_another_region" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/x"
  }

  expect_failures = [var.certificate_arn]
}

run "domain_without_zone" {
  command = plan

  variables {
    domain_name = "api.example.com"
  }

  expect_failures = [var.domain_name]
}
