# The stack as it is without any choice, and its variants, against a mocked provider: no account and no network.
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

run "service" {
  command = apply

  module {
    source = "./modules/service"
  }

  variables {
    identity = { prefix = "backend-prod", name = "backend", family = "backend-prod", region = "us-east-1" }
    cluster  = { arn = "arn:aws:ecs:us-east-1:111122223333:cluster/backend-prod", name = "backend-prod", capacity = "fargate", strategy = [{ name = "FARGATE", base = 0, weight = 1 }] }
    task = {
      cpu                  = 1024, memory = 2048, cpu_architecture = "X86_64", gpus = 0, ephemeral_storage_gib = null
      stop_timeout_seconds = 30, writable_paths = ["/tmp"], execute_command = false, file_systems = {}
    }
    container = {
      image                = "111122223333.dkr.ecr.us-east-1.amazonaws.com/backend:bootstrap"
      port                 = 8000
      environment          = { B = "2", A = "1" }
      secrets              = { KEY = "arn:aws:secretsmanager:us-east-1:111122223333:secret:key-AbCdEf:field::" }
      secrets_kms_key_arns = [], health_check = null, command = null, sidecars = {}, waits_for = {}
    }
    roles         = { task_policy = null, execution_policy = null, repository_arns = ["arn:aws:ecr:us-east-1:111122223333:repository/backend"], permissions_boundary_arn = null, path = "/backend-prod/" }
    network       = { vpc_id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], public_ip = false, security_group_ids = [], egress = [] }
    load_balancer = { target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/x/0123456789abcdef", security_group_id = "sg-0123456789abcdef0", grace_seconds = 60, request_label = "app/x/1/targetgroup/x/2" }
    connect       = null
    scaling       = { desired = 1, min = 1, max = 4, cpu_percent = 70, memory_percent = 80, requests = null, schedules = {} }
    logs          = { group = { name = "/ecs/backend-prod", arn = "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/backend-prod" }, exec_group_arn = null, key_arn = null }
    deployment    = { minimum_percent = 100, maximum_percent = 200, alarm_names = ["errors", "unhealthy"] }
  }

  assert {
    condition = (
      aws_ecs_service.this.deployment_minimum_healthy_percent == 100 &&
      aws_ecs_service.this.deployment_maximum_percent == 200 &&
      aws_ecs_service.this.deployment_circuit_breaker[0].enable &&
      aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    )
    error_message = "The service must roll with 100/200 and a circuit breaker that rolls back."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].portMappings[0].name == "main" && length(aws_ecs_service.this.service_connect_configuration) == 0
    error_message = "A service that gets Service Connect later keeps its running revision, whose port needs the name."
  }

  assert {
    condition     = aws_ecs_service.this.force_new_deployment
    error_message = "Without it, other shares of Fargate and Spot would replace the service."
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].enable && aws_ecs_service.this.alarms[0].rollback && length(aws_ecs_service.this.alarms[0].alarm_names) == 2
    error_message = "Both alarms must fail a deployment."
  }

  assert {
    condition     = aws_ecs_task_definition.this.cpu == "1024" && aws_ecs_task_definition.this.memory == "2048" && aws_ecs_task_definition.this.skip_destroy
    error_message = "A task has 1 vCPU and 2 GB, and its old revisions stay."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].linuxParameters.capabilities.drop == ["ALL"]
    error_message = "The container must have a read-only root file system and no capabilities."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment[*].name == ["A", "B"]
    error_message = "Environment variables are sorted, or Terraform sees a difference for ever."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "Secrets"
    ] == [["arn:aws:secretsmanager:us-east-1:111122223333:secret:key-AbCdEf"]]
    error_message = "The execution role may read the secrets that the container has, and no others."
  }

  assert {
    condition = (
      aws_appautoscaling_target.this.min_capacity == 1 && aws_appautoscaling_target.this.max_capacity == 4 &&
      aws_appautoscaling_policy.this["cpu"].target_tracking_scaling_policy_configuration[0].target_value == 70 &&
      aws_appautoscaling_policy.this["memory"].target_tracking_scaling_policy_configuration[0].target_value == 80
    )
    error_message = "Autoscaling goes from 1 to 4 tasks on 70 % CPU and 80 % memory."
  }

  assert {
    condition     = jsondecode(aws_iam_role.task.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "111122223333"
    error_message = "Only ECS of this account may use the roles."
  }
}

run "load_balancer_without_https" {
  command = apply

  module {
    source = "./modules/load-balancer"
  }

  variables {
    prefix        = "backend-prod"
    vpc_id        = "vpc-0123456789abcdef0"
    subnet_ids    = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    internal      = false
    allowed_cidrs = ["0.0.0.0/0"]
    targets = { backend = {
      prefix       = "backend-prod", port = 8000, hosts = [], paths = [], priority = null, deregistration_delay = 30, stickiness_seconds = null, protocol_version = "HTTP1"
      health_check = { path = "/health", matcher = "200", interval = 10, timeout = 5, healthy_threshold = 2, unhealthy_threshold = 3 }
    } }
    idle_timeout_seconds = 60
    https                = false
    certificate_arn      = null
    domain_name          = null
    hosted_zone_id       = null
    ssl_policy           = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    access_logs          = true
    waf                  = false
    waf_rate_limit       = 2000
    upload_paths         = []
    log_retention_days   = 7
    log_key_arn          = null
    allow_destroy        = false
  }

  assert {
    condition     = aws_lb_target_group.this["backend"].health_check[0].path == "/health" && aws_lb_target_group.this["backend"].target_type == "ip"
    error_message = "The health check asks /health."
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.drop_invalid_header_fields
    error_message = "The load balancer must be protected and drop invalid headers."
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "forward" && length(aws_lb_listener.https) == 0
    error_message = "Without a certificate HTTP is served."
  }

  assert {
    condition     = output.url == "http://mocked.us-east-1.elb.amazonaws.com"
    error_message = "The address of the load balancer is the service's."
  }
}

run "load_balancer_with_domain" {
  command = apply

  module {
    source = "./modules/load-balancer"
  }

  variables {
    prefix        = "backend-prod"
    vpc_id        = "vpc-0123456789abcdef0"
    subnet_ids    = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    internal      = false
    allowed_cidrs = ["10.0.0.0/8", "192.168.0.0/16"]
    targets = {
      backend = {
        prefix       = "backend-prod", port = 8000, hosts = [], paths = [], priority = null, deregistration_delay = 30, stickiness_seconds = null, protocol_version = "HTTP1"
        health_check = { path = "/health", matcher = "200", interval = 10, timeout = 5, healthy_threshold = 2, unhealthy_threshold = 3 }
      }
      admin = {
        prefix       = "backend-prod--admin", port = 9000, hosts = ["admin.example.com"], paths = ["/v1/*"], priority = 10, deregistration_delay = 5, stickiness_seconds = 60, protocol_version = "HTTP2"
        health_check = { path = "/up", matcher = "200-299", interval = 15, timeout = 5, healthy_threshold = 2, unhealthy_threshold = 3 }
      }
    }
    idle_timeout_seconds = 60
    https                = true
    certificate_arn      = null
    domain_name          = "api.example.com"
    hosted_zone_id       = "Z0123456789ABC"
    ssl_policy           = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    access_logs          = false
    waf                  = true
    waf_rate_limit       = 100
    upload_paths         = ["/thumbnails", "/videos/new"]
    log_retention_days   = 7
    log_key_arn          = null
    allow_destroy        = true
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "HTTP only redirects."
  }

  assert {
    condition     = aws_lb_listener.https[0].certificate_arn == "arn:aws:acm:us-east-1:111122223333:certificate/mocked" && aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "HTTPS has the certificate of the domain and TLS 1.2 or newer."
  }

  assert {
    condition = (
      aws_lb_listener_rule.this["admin"].priority == 10 && length(aws_lb_listener_rule.this) == 1 &&
      aws_lb_target_group.this["admin"].protocol_version == "HTTP2" && aws_lb_target_group.this["admin"].stickiness[0].cookie_duration == 60
    )
    error_message = "One more service gets the requests to its host and path, and the first one the rest."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.https) == 2 && output.url == "https://api.example.com"
    error_message = "Each address range has its rule, and the domain is the address."
  }

  assert {
    condition     = contains([for rule in aws_wafv2_web_acl.this[0].rule : rule.name], "AWSManagedRulesKnownBadInputsRuleSet") && length(aws_wafv2_web_acl_association.this) == 1
    error_message = "The web ACL has the rules against Log4j and stands in front of the load balancer."
  }

  assert {
    condition = (
      length(aws_wafv2_web_acl.this[0].rule) == 5 &&
      [for rule in aws_wafv2_web_acl.this[0].rule : rule.statement[0].rate_based_statement[0].limit if rule.priority == 0] == [100]
    )
    error_message = "The first of the five rules (scripts/stack-cost counts them) limits what one address may send."
  }

  assert {
    condition = (
      flatten([for rule in aws_wafv2_web_acl.this[0].rule : [for one in rule.statement[0].and_statement[0].statement : one.not_statement[*].statement[0].regex_match_statement[0].regex_string] if rule.name == "bodies"]) == ["^(/thumbnails|/videos/new)(/|$)"] &&
      length(flatten([for rule in aws_wafv2_web_acl.this[0].rule : rule.statement[0].managed_rule_group_statement[*].rule_action_override])) == 5
    )
    error_message = "What looks into bodies counts only, and blocks where no files are uploaded."
  }

  assert {
    condition     = !aws_lb.this.enable_deletion_protection && length(aws_s3_bucket.logs) == 0
    error_message = "What may be destroyed is not protected."
  }
}

run "network_with_a_gateway_for_each_zone" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    prefix                   = "backend-prod"
    region                   = "us-east-1"
    cidr                     = "10.0.0.0/16"
    zone_count               = 2
    places                   = { public = [0, 1, 4], private = [2, 3, 5] }
    nat                      = "per-az"
    endpoint_services        = []
    flow_logs                = true
    log_retention_days       = 7
    log_key_arn              = null
    permissions_boundary_arn = null
    role_path                = "/backend-prod/"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 2 && length(aws_route.nat) == 2 && length(aws_subnet.public) == 2 && length(aws_subnet.private) == 2
    error_message = "Two zones have two gateways and four subnets."
  }

  assert {
    condition     = length(distinct(concat([for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block]))) == 4
    error_message = "No two subnets overlap."
  }

  assert {
    condition     = alltrue([for s in aws_subnet.public : !s.map_public_ip_on_launch])
    error_message = "Nothing gets a public address by itself."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && length(aws_vpc_endpoint.interface) == 0
    error_message = "The endpoint of S3, which is free, is there, and no other."
  }
}

run "network_with_one_gateway_in_three_zones" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    prefix                   = "backend-prod"
    region                   = "us-east-1"
    cidr                     = "10.1.0.0/20"
    zone_count               = 3
    places                   = { public = [0, 1, 4], private = [2, 3, 5] }
    nat                      = "single"
    endpoint_services        = ["ecr.api", "ecr.dkr"]
    flow_logs                = false
    log_retention_days       = 7
    log_key_arn              = null
    permissions_boundary_arn = null
    role_path                = "/backend-prod/"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3 && length(aws_subnet.private) == 3
    error_message = "Three zones share a gateway."
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 2 && length(aws_flow_log.this) == 0
    error_message = "Endpoints are there, flow logs are not."
  }
}

run "network_without_gateways" {
  command = apply

  module {
    source = "./modules/network"
  }

  variables {
    prefix                   = "backend-dev"
    region                   = "us-east-1"
    cidr                     = "10.0.0.0/16"
    zone_count               = 2
    places                   = { public = [0, 1, 4], private = [2, 3, 5] }
    nat                      = "none"
    endpoint_services        = []
    flow_logs                = false
    log_retention_days       = 7
    log_key_arn              = null
    permissions_boundary_arn = null
    role_path                = "/backend-prod/"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && length(aws_route.nat) == 0
    error_message = "There is no gateway and no route to one."
  }
}

run "instances_with_gpus" {
  command = apply

  module {
    source = "./modules/ec2-capacity"
  }

  variables {
    prefix                   = "backend-gpu"
    region                   = "us-east-1"
    cluster_name             = "backend-gpu"
    vpc_id                   = "vpc-0123456789abcdef0"
    subnet_ids               = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    instance_type            = "g5.xlarge"
    cpu_architecture         = "X86_64"
    gpu                      = true
    further_types            = []
    spot_percent             = 0
    on_demand_base           = 0
    min_size                 = 0
    max_size                 = 4
    allow_destroy            = false
    permissions_boundary_arn = null
    role_path                = "/backend-prod/"
  }

  assert {
    condition     = strcontains(aws_launch_template.this.image_id, "amazon-linux-2023/gpu") && strcontains(base64decode(aws_launch_template.this.user_data), "ECS_ENABLE_GPU_SUPPORT=true")
    error_message = "GPU instances have ECS's GPU image, with the GPUs switched on."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "Instances need IMDSv2 and encrypted disks."
  }

  assert {
    condition     = aws_ecs_capacity_provider.this.auto_scaling_group_provider[0].managed_termination_protection == "ENABLED" && aws_autoscaling_group.this.protect_from_scale_in
    error_message = "No instance with tasks is taken away."
  }
}

# Before anything is applied: a stack keeps the network that it has.
run "existing_network_and_repository" {
  command = plan

  variables {
    vpc_id             = "vpc-0123456789abcdef0"
    public_subnet_ids  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    private_subnet_ids = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    repository_name    = "shared"
  }

  assert {
    condition     = length(module.network) == 0 && output.vpc_id == "vpc-0123456789abcdef0" && output.ecr_repository == "shared"
    error_message = "Nothing of the network is created."
  }
}

run "whole_stack" {
  command = apply

  assert {
    condition     = output.cluster == "backend-prod" && output.service == "backend" && output.ecr_repository == "backend"
    error_message = "The outputs are the inputs of the action."
  }

  assert {
    condition     = output.trusted_subjects.deploy == ["repo:octo-org/video:environment:prod"] && output.trusted_subjects.plan == ["repo:octo-org/video:pull_request"] && output.trusted_subjects.infra == ["repo:octo-org/video:environment:prod-infra"] && output.trusted_subjects.infra-plan == ["repo:octo-org/video:environment:prod-plan"]
    error_message = "Each role trusts one exact subject, and pull requests may plan only."
  }

  assert {
    condition     = yamldecode(output.action_inputs).deploy.permissions["id-token"] == "write" && yamldecode(output.action_inputs).deploy.environment == "prod" && yamldecode(output.action_inputs).deploy.steps[2].with.alarms == "backend-prod-errors\nbackend-prod-unhealthy\n"
    error_message = "The job is YAML, with the permission and the environment that the trust asks for, and both alarms."
  }

  assert {
    condition     = strcontains(output.action_inputs, "ecr-repository: backend") && strcontains(output.action_inputs, "health-check-url: http://mocked.us-east-1.elb.amazonaws.com/health")
    error_message = "The step is ready to paste."
  }

  assert {
    condition     = strcontains(output.github_variables.environment, "\nSERVICE_URL=http://mocked.us-east-1.elb.amazonaws.com") && strcontains(output.github_variables.environment, "\nALARMS=\"backend-prod-errors\\nbackend-prod-unhealthy\"")
    error_message = "The variables of the workflows have the address, and the alarms on one line."
  }

  assert {
    condition     = local.told["backend"] == { PORT = "8000", STOP_TIMEOUT_SECONDS = "30", TASK_CPU = "1024", TASK_MEMORY_MIB = "2048", KEEP_ALIVE_SECONDS = "65" }
    error_message = "The program is told its port, its size, and how long it may take: longer than the load balancer keeps a connection."
  }
}

run "alarms_of_a_slow_starter" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    prefix           = "backend-prod"
    region           = "us-east-1"
    cluster_name     = "backend-prod"
    service_names    = ["backend", "admin"]
    services         = { backend = { prefix = "backend-prod", target_group = "targetgroup/a/1", grace_seconds = 60 }, admin = { prefix = "backend-prod--admin", target_group = "targetgroup/b/1", grace_seconds = 7200 } }
    dashboard        = false
    load_balancer    = "app/mocked/0123456789abcdef"
    alarm_5xx_count  = 10
    alarm_topic_arns = []
    log_groups       = []
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.unhealthy : name => alarm.evaluation_periods * alarm.period } == { backend = 180, admin = 7320 }
    error_message = "No task that is within its grace period fails its deployment."
  }

  assert {
    condition     = length(aws_cloudwatch_dashboard.this) == 0
    error_message = "Without dashboard there is none."
  }
}

run "endpoints_for_what_is_used" {
  command = plan

  variables {
    nat             = "none"
    vpc_endpoints   = true
    execute_command = true
    log_encryption  = true
    secrets         = { KEY = "arn:aws:ssm:us-east-1:111122223333:parameter/key" }
  }

  assert {
    condition     = sort(local.endpoint_services) == sort(["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssm", "ssmmessages"]) && !local.public_tasks
    error_message = "Without a gateway, a parameter needs the endpoint of SSM, and an encrypted session those of ECS Exec and KMS."
  }
}

run "several_services" {
  command = apply

  variables {
    services = {
      backend = { scaling = { requests = 500 }, network = { egress = [{ port = 5432, cidr = "10.0.0.0/16" }] } }
      admin   = { container = { port = 9000, repository_name = "backend" }, load_balancer = { paths = ["/admin/*"], priority = 10 }, connect = {} }
      worker  = { task = { cpu = 256, memory = 512 }, container = { repository_name = "backend", command = ["worker"] }, connect = { server = false } }
    }
  }

  assert {
    condition     = keys(output.services) == ["admin", "backend", "worker"] && output.services.worker.task_definition == "backend-prod--worker" && output.services.worker.log_group == "/ecs/backend-prod/worker" && length(output.services.worker.alarms) == 0
    error_message = "Each service has names that are told apart from those of any other stack."
  }

  assert {
    condition     = output.services.admin.alarms == ["backend-prod--admin-errors", "backend-prod--admin-unhealthy"] && output.service == "backend"
    error_message = "A service with a load balancer has its alarms."
  }
}

run "immutable_subjects_from_a_branch" {
  command = apply

  variables {
    deploy_from           = "branch"
    github_owner_id       = 123456
    github_repository_id  = 456789
    github_subject_format = "both"
    allowed_cidrs         = ["203.0.113.0/24"]
  }

  assert {
    condition     = !contains(keys(yamldecode(output.action_inputs).deploy), "environment")
    error_message = "A job that names an environment is not one of the branch, and the role would refuse it."
  }

  assert {
    condition     = !strcontains(output.action_inputs, "health-check-url") && !strcontains(output.github_variables.environment, "SERVICE_URL")
    error_message = "An address that lets in a few only is not one that GitHub's runners can ask."
  }

  assert {
    condition     = output.trusted_subjects.deploy == ["repo:octo-org/video:ref:refs/heads/main", "repo:octo-org@123456/video@456789:ref:refs/heads/main"]
    error_message = "While moving over, both forms of one subject are trusted."
  }
}
