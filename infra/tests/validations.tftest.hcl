# What the variables refuse. Nothing is planned: each run fails at its variable.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
  }
}

variables {
  environment       = "prod"
  github_repository = "octo-org/video"
}

run "long_name" {
  command = plan

  variables {
    name = "a-name-that-is-much-too-long"
  }

  expect_failures = [var.name]
}

run "environment_with_capitals" {
  command = plan

  variables {
    environment = "Prod"
  }

  expect_failures = [var.environment]
}

run "no_region" {
  command = plan

  variables {
    aws_region = "frankfurt"
  }

  expect_failures = [var.aws_region]
}

run "nameless_repository" {
  command = plan

  variables {
    create_repository = false
  }

  expect_failures = [var.repository_name]
}

run "too_few_images" {
  command = plan

  variables {
    keep_images = 1
  }

  expect_failures = [var.keep_images]
}

run "wildcard_repository" {
  command = plan

  variables {
    github_repository = "octo-org/*"
  }

  expect_failures = [var.github_repository]
}

run "one_id_alone" {
  command = plan

  variables {
    github_owner_id = 1
  }

  expect_failures = [var.github_owner_id]
}

run "immutable_without_ids" {
  command = plan

  variables {
    github_subject_format = "immutable"
  }

  expect_failures = [var.github_subject_format]
}

run "deployments_from_pull_requests" {
  command = plan

  variables {
    deploy_from = "pull_request"
  }

  expect_failures = [var.deploy_from]
}

run "wildcard_environment" {
  command = plan

  variables {
    github_environment = "*"
  }

  expect_failures = [var.github_environment]
}

run "wildcard_branch" {
  command = plan

  variables {
    github_branch = "*"
  }

  expect_failures = [var.github_branch]
}

run "no_boundary" {
  command = plan

  variables {
    permissions_boundary_arn = "boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "network_without_subnets" {
  command = plan

  variables {
    vpc_id             = "vpc-0123456789abcdef0"
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
  }

  expect_failures = [var.public_subnet_ids]
}

run "subnets_without_network" {
  command = plan

  variables {
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "small_network" {
  command = plan

  variables {
    vpc_cidr = "10.0.0.0/28"
  }

  expect_failures = [var.vpc_cidr]
}

run "one_zone" {
  command = plan

  variables {
    zone_count = 1
  }

  expect_failures = [var.zone_count]
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

run "no_address_range" {
  command = plan

  variables {
    allowed_cidrs = ["everywhere"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "certificate_of_another_region" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/x"
  }

  expect_failures = [var.certificate_arn]
}

run "certificate_and_domain" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/x"
    domain_name     = "api.example.com"
    hosted_zone_id  = "Z0123"
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

run "old_tls" {
  command = plan

  variables {
    ssl_policy = "ELBSecurityPolicy-2016-08"
  }

  expect_failures = [var.ssl_policy]
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

run "unknown_architecture" {
  command = plan

  variables {
    cpu_architecture = "arm64"
  }

  expect_failures = [var.cpu_architecture]
}

run "small_disk" {
  command = plan

  variables {
    ephemeral_storage_gib = 20
  }

  expect_failures = [var.ephemeral_storage_gib]
}

run "no_share_at_all" {
  command = plan

  variables {
    fargate_weight = 0
  }

  expect_failures = [var.fargate_spot_weight]
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

run "range_upside_down" {
  command = plan

  variables {
    instance_min = 5
  }

  expect_failures = [var.instance_max]
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

run "no_port" {
  command = plan

  variables {
    container_port = 0
  }

  expect_failures = [var.container_port]
}

run "odd_variable" {
  command = plan

  variables {
    environment_variables = { "A-B" = "1" }
  }

  expect_failures = [var.environment_variables]
}

run "wildcard_secret" {
  command = plan

  variables {
    secrets = { KEY = "arn:aws:secretsmanager:us-east-1:111122223333:secret:*" }
  }

  expect_failures = [var.secrets]
}

run "secret_and_variable" {
  command = plan

  variables {
    environment_variables = { KEY = "1" }
    secrets               = { KEY = "arn:aws:ssm:us-east-1:111122223333:parameter/key" }
  }

  expect_failures = [var.secrets]
}

run "no_policy" {
  command = plan

  variables {
    task_role_policy = "everything"
  }

  expect_failures = [var.task_role_policy]
}

run "relative_path" {
  command = plan

  variables {
    writable_paths = ["tmp"]
  }

  expect_failures = [var.writable_paths]
}

run "path_without_slash" {
  command = plan

  variables {
    health_check_path = "health"
  }

  expect_failures = [var.health_check_path]
}

run "check_without_form" {
  command = plan

  variables {
    container_health_check = ["curl", "localhost"]
  }

  expect_failures = [var.container_health_check]
}

run "long_stop" {
  command = plan

  variables {
    stop_timeout_seconds = 300
  }

  expect_failures = [var.stop_timeout_seconds]
}

run "scaling_upside_down" {
  command = plan

  variables {
    min_capacity = 5
  }

  expect_failures = [var.max_capacity]
}

run "more_than_all_cpu" {
  command = plan

  variables {
    cpu_target_percent = 101
  }

  expect_failures = [var.cpu_target_percent]
}

run "night_without_cron" {
  command = plan

  variables {
    night = { stop = "20:00", start = "07:00" }
  }

  expect_failures = [var.night]
}

run "odd_retention" {
  command = plan

  variables {
    log_retention_days = 8
  }

  expect_failures = [var.log_retention_days]
}

run "topic_by_name" {
  command = plan

  variables {
    alarm_topic_arns = ["operators"]
  }

  expect_failures = [var.alarm_topic_arns]
}
