# What the default stack does not have: workers, names, sidecars, file systems, Spot instances.
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_ecr_repository" {
    defaults = {
      arn            = "arn:aws:ecr:us-east-1:111122223333:repository/backend"
      repository_url = "111122223333.dkr.ecr.us-east-1.amazonaws.com/backend"
    }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/mocked" }
  }
  mock_data "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/mocked" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::111122223333:instance-profile/mocked" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/backend-prod" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:111122223333:key/mocked" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mocked" }
  }
  mock_resource "aws_lb" {
    defaults = {
      arn        = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/mocked/0123456789abcdef"
      arn_suffix = "app/mocked/0123456789abcdef"
      dns_name   = "mocked.us-east-1.elb.amazonaws.com"
    }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/mocked/0123456789abcdef" }
  }
  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/mocked/0123456789abcdef/0123456789abcdef" }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/mocked/0123" }
  }
  mock_resource "aws_autoscaling_group" {
    defaults = { arn = "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:0:autoScalingGroupName/mocked" }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:us-east-1:111122223333:cluster/backend-prod" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:us-east-1:111122223333:task-definition/backend-prod:1" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn                       = "arn:aws:acm:us-east-1:111122223333:certificate/mocked"
      domain_validation_options = [{ domain_name = "api.example.com", resource_record_name = "_x", resource_record_type = "CNAME", resource_record_value = "_y" }]
    }
  }
  mock_resource "aws_acm_certificate_validation" {
    defaults = { certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/mocked" }
  }
}

variables {
  environment       = "prod"
  github_repository = "octo-org/video"
}

run "worker" {
  command = apply

  module {
    source = "./modules/service"
  }

  variables {
    identity = { prefix = "backend-prod--worker", name = "worker", family = "backend-prod--worker", region = "us-east-1" }
    cluster  = { arn = "arn:aws:ecs:us-east-1:111122223333:cluster/backend-prod", name = "backend-prod", capacity = "fargate", strategy = [{ name = "FARGATE_SPOT", base = 0, weight = 1 }], namespace = "arn:aws:servicediscovery:us-east-1:111122223333:namespace/ns-1" }
    task = {
      cpu                  = 256, memory = 512, cpu_architecture = "ARM64", gpus = 0, ephemeral_storage_gib = 50
      stop_timeout_seconds = 120, writable_paths = ["/tmp"], execute_command = false
      file_systems         = { media = { id = "fs-1", access_point_id = "fsap-1", path = "/media", read_only = true, security_group_id = "sg-0123456789abcdef1" } }
    }
    container = {
      image       = "111122223333.dkr.ecr.us-east-1.amazonaws.com/backend:bootstrap"
      port        = 9000
      environment = {}, secrets = {}, secrets_kms_key_arns = [], health_check = null
      command     = ["python", "-m", "worker"]
      waits_for   = { otel = "START" }
      sidecars = { otel = {
        image   = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3", essential = false, command = null, environment = { MODE = "agent" }
        secrets = { TOKEN = "arn:aws:ssm:us-east-1:111122223333:parameter/token" }, port = 4317, cpu = 64, memory = 128, health_check = null, depends_on = {}
      } }
    }
    roles         = { task_policy = null, execution_policy = null, repository_arns = ["arn:aws:ecr:us-east-1:111122223333:repository/backend"], permissions_boundary_arn = null, path = "/backend-prod/" }
    network       = { vpc_id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0"], public_ip = false, security_group_ids = ["sg-0123456789abcdef2"], egress = [{ port = 5432, protocol = "tcp", cidr = null, security_group_id = "sg-0123456789abcdef3" }] }
    load_balancer = null
    connect       = { server = true, dns_name = "worker", port = 9000 }
    scaling       = { desired = 1, min = 1, max = 4, cpu_percent = 70, memory_percent = null, requests = null, schedules = { noon = { at = "cron(0 12 * * ? *)", min = 2, max = 8, timezone = "Etc/UTC" } } }
    logs          = { group = { name = "/ecs/backend-prod/worker", arn = "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/backend-prod/worker" }, exec_group_arn = null, key_arn = null }
    deployment    = { minimum_percent = 50, maximum_percent = 200, alarm_names = [] }
  }

  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.alarms) == 0 && length(aws_vpc_security_group_ingress_rule.from_load_balancer) == 0
    error_message = "A worker has no load balancer, and nobody is let in."
  }

  assert {
    condition     = aws_ecs_service.this.service_connect_configuration[0].service[0].client_alias[0].dns_name == "worker" && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].portMappings[0].name == "main"
    error_message = "Others reach it by its name."
  }

  assert {
    condition = (
      jsondecode(aws_ecs_task_definition.this.container_definitions)[*].name == ["worker", "otel"] &&
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].dependsOn == [{ containerName = "otel", condition = "START" }] &&
      jsondecode(aws_ecs_task_definition.this.container_definitions)[1].logConfiguration.options["awslogs-group"] == "/ecs/backend-prod/worker"
    )
    error_message = "The sidecar is in the task, comes first, and logs to the same group."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "Parameters"] == [["arn:aws:ssm:us-east-1:111122223333:parameter/token"]]
    error_message = "The execution role reads the secrets of sidecars as well."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.further : rule.from_port]) == toset([5432, 2049])
    error_message = "It reaches its database and its file system."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.file_systems[0].policy).Statement[0].Action == ["elasticfilesystem:ClientMount"] && one([for volume in aws_ecs_task_definition.this.volume : volume.efs_volume_configuration[0].transit_encryption if volume.name == "media"]) == "ENABLED"
    error_message = "A file system that is read only is mounted, not written, and encrypted in transit."
  }

  assert {
    condition     = keys(aws_appautoscaling_policy.this) == ["cpu"] && aws_appautoscaling_scheduled_action.this["noon"].scalable_target_action[0].max_capacity == "8"
    error_message = "It scales on CPU and by its schedule."
  }
}

run "cluster" {
  command = apply

  module {
    source = "./modules/cluster"
  }

  variables {
    name               = "backend-prod"
    container_insights = true
    exec               = null
    capacity_providers = ["backend-prod"]
    connect            = { vpc_id = "vpc-0123456789abcdef0" }
  }

  assert {
    condition     = toset(aws_ecs_cluster_capacity_providers.this.capacity_providers) == toset(["FARGATE", "FARGATE_SPOT", "backend-prod"])
    error_message = "Fargate stays, or AWS refuses to take it from tasks that are on it."
  }
}

run "spot_instances" {
  command = apply

  module {
    source = "./modules/ec2-capacity"
  }

  variables {
    prefix                   = "backend-prod"
    region                   = "us-east-1"
    cluster_name             = "backend-prod"
    vpc_id                   = "vpc-0123456789abcdef0"
    subnet_ids               = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    instance_type            = "m7g.large"
    further_types            = ["m6g.large", "c7g.xlarge"]
    spot_percent             = 70
    on_demand_base           = 1
    cpu_architecture         = "ARM64"
    gpu                      = false
    min_size                 = 1
    max_size                 = 4
    allow_destroy            = false
    permissions_boundary_arn = null
    role_path                = "/backend-prod/"
  }

  assert {
    condition = (
      aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 30 &&
      aws_autoscaling_group.this.mixed_instances_policy[0].launch_template[0].override[*].instance_type == tolist(["m7g.large", "m6g.large", "c7g.xlarge"]) &&
      length(aws_autoscaling_group.this.launch_template) == 0 && aws_autoscaling_group.this.capacity_rebalance
    )
    error_message = "Of the instances beyond the first, 70 % are Spot, of several types."
  }
}

run "without_a_load_balancer_and_beside_a_service_of_codedeploy" {
  command = apply

  variables {
    services = { backend = { load_balancer = null } }
    codedeploy_services = {
      checkout = { family = "checkout", log_group = "/ecs/checkout", roles = ["backend-prod/checkout-task"] }
    }
  }

  assert {
    condition = alltrue([for statement in ["ecs:UpdateService:service/backend-prod/checkout", "ecs:RegisterTaskDefinition:task-definition/checkout:*", "logs:GetLogEvents:log-group:/ecs/checkout:log-stream:*", "iam:PassRole:role/backend-prod/checkout-task", "codedeploy:CreateDeployment:deploymentgroup:AppECS-backend-prod-checkout/DgpECS-backend-prod-checkout"] :
      anytrue([for each in jsondecode(module.deploy_role.policies.deploy).Statement :
        contains(flatten([each.Action]), join(":", slice(split(":", statement), 0, 2))) &&
        anytrue([for resource in flatten([each.Resource]) : endswith(resource, join(":", slice(split(":", statement), 2, length(split(":", statement)))))])
      ])
    ])
    error_message = "The deploy role has what a deployment by CodeDeploy needs."
  }

  assert {
    condition     = strcontains(module.deploy_role.policies.plan, "deploymentgroup:AppECS-backend-prod-checkout/DgpECS-backend-prod-checkout") && !strcontains(module.deploy_role.policies.plan, "codedeploy:CreateDeployment")
    error_message = "The plan role reads the deployment group, and begins nothing."
  }

  assert {
    condition     = length(module.load_balancer) == 0 && output.url == null && length(output.alarms) == 0
    error_message = "Where no service has a load balancer there is none."
  }
}
