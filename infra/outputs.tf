# A destroy takes a condition that fails for a warning, and asks none with -refresh=false. In another region it would find
# nothing of the stack, forget it, and destroy its roles. Every run needs a provider: where its region has no value, there
# is none. The sentence is no boolean, which is the error.
output "aws_region" {
  description = "Region of the stack, for its provider. It has no value where the state is of another stack: then nothing is planned and nothing destroyed."
  value       = terraform_data.identity.input == local.here ? var.aws_region : tobool("This state is of ${try("${terraform_data.identity.input.name}-${terraform_data.identity.input.environment} in ${terraform_data.identity.input.region}", "another stack")}, ${local.not_here}")
}

output "url" {
  description = "Where the service answers; null without a load balancer."
  value       = one(module.load_balancer[*].url)
}

output "health_check_url" {
  description = "What a deployment asks: input health-check-url of the action."
  value       = try("${one(module.load_balancer[*].url)}${local.services[var.name].load_balancer.health_check.path}", null)
}

output "cluster" {
  description = "Input cluster of the action."
  value       = local.cluster_name
}

output "service" {
  description = "Input service of the action."
  value       = module.service[var.name].service_name
}

output "services" {
  description = "Every service: what the action is told of it."
  value = { for name, service in module.service : name => {
    cluster            = local.cluster_name
    service            = service.service_name
    ecr_repository     = local.repositories[name]
    repository_url     = data.aws_ecr_repository.this[local.repositories[name]].repository_url
    alarms             = lookup(module.observability.alarm_names, name, [])
    log_group          = local.log_groups[name].name
    security_group_id  = service.security_group_id
    task_role_arn      = service.task_role_arn
    task_definition    = local.prefixes[name]
    execution_role_arn = service.execution_role_arn
  } }
}

output "ecr_repository" {
  description = "Input ecr-repository of the action."
  value       = local.repositories[var.name]
}

output "repository_url" {
  description = "Address of the ECR repository, for docker push."
  value       = data.aws_ecr_repository.this[local.repositories[var.name]].repository_url
}

output "action_inputs" {
  description = "The job of a deploy workflow, ready to paste: terraform output -raw action_inputs"
  value = join("\n", concat(
    [
      "deploy:",
      "  runs-on: ubuntu-latest",
    ],
    # The token of a job that names an environment is not one of its branch.
    var.deploy_from == "branch" ? [] : ["  environment: ${coalesce(var.github_environment, var.environment)}"],
    [
      "  permissions:",
      "    contents: read",
      "    id-token: write",
      "  steps:",
      "    - uses: actions/checkout@v7",
      "    - uses: aws-actions/configure-aws-credentials@v6",
      "      with:",
      "        role-to-assume: ${module.deploy_role.deploy_role_arn}",
      "        aws-region: ${var.aws_region}",
      "        role-duration-seconds: 7200",
      "    - uses: org/ecs-fargate-deploy@v1",
      "      with:",
      "        cluster: ${local.cluster_name}",
      "        service: ${module.service[var.name].service_name}",
      "        ecr-repository: ${local.repositories[var.name]}",
      "        # The folder of the Dockerfile.",
      "        context: .",
    ],
    [for url in module.load_balancer[*].url : "        health-check-url: ${url}${try(local.services[var.name].load_balancer.health_check.path, "/")}" if !var.internal && var.allowed_cidrs == tolist(["0.0.0.0/0"])],
    length(lookup(module.observability.alarm_names, var.name, [])) == 0 ? [] : ["        alarms: |"],
    [for alarm in lookup(module.observability.alarm_names, var.name, []) : "          ${alarm}"],
    [""],
  ))
}

output "github_variables" {
  description = "Variables for gh variable set --env-file: of the repository, and of the GitHub environment."
  value = {
    repository = join("\n", [
      "AWS_REGION=${var.aws_region}",
      "AWS_PLAN_ROLE_ARN=${module.deploy_role.plan_role_arn}",
      "ECS_CLUSTER=${local.cluster_name}",
      "ECS_SERVICE=${module.service[var.name].service_name}",
      "ECR_REPOSITORY=${local.repositories[var.name]}",
    ])
    environment = join("\n", concat(
      [
        "AWS_REGION=${var.aws_region}",
        "AWS_DEPLOY_ROLE_ARN=${module.deploy_role.deploy_role_arn}",
        "ECS_CLUSTER=${local.cluster_name}",
        "ECS_SERVICE=${module.service[var.name].service_name}",
        "ECR_REPOSITORY=${local.repositories[var.name]}",
        # In double quotes a file of variables has line breaks as \\n.
        "ALARMS=\"${join("\\n", lookup(module.observability.alarm_names, var.name, []))}\"",
      ],
      # Where GitHub's runners reach it.
      [for url in module.load_balancer[*].url : "SERVICE_URL=${url}" if !var.internal && var.allowed_cidrs == tolist(["0.0.0.0/0"])],
    ))
  }
}

output "deploy_role_arn" {
  description = "Role of the deploy workflow."
  value       = module.deploy_role.deploy_role_arn
}

output "plan_role_arn" {
  description = "Role of plans on pull requests."
  value       = module.deploy_role.plan_role_arn
}

output "infra_plan_role_arn" {
  description = "Role of the workflow that plans Terraform."
  value       = module.deploy_role.infra_plan_role_arn
}

output "infra_role_arn" {
  description = "Role of the workflow that applies Terraform."
  value       = module.deploy_role.infra_role_arn
}

output "trusted_subjects" {
  description = "Subjects of GitHub's tokens that each role trusts."
  value       = module.deploy_role.subjects
}

output "policies" {
  description = "Policies of the deploy role and of the plan role, as JSON."
  value       = module.deploy_role.policies
}

output "task_definition_family" {
  description = "Family of the task definition."
  value       = local.prefixes[var.name]
}

output "task_role_arn" {
  description = "Role of the application."
  value       = module.service[var.name].task_role_arn
}

output "task_security_group_id" {
  description = "Security group of the tasks."
  value       = module.service[var.name].security_group_id
}

output "log_group" {
  description = "Log group of the containers."
  value       = aws_cloudwatch_log_group.container.name
}

output "alarms" {
  description = "Input alarms of the action; ECS watches them during deployments as well."
  value       = lookup(module.observability.alarm_names, var.name, [])
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard; null without."
  value       = module.observability.dashboard_name
}

output "vpc_id" {
  description = "VPC of the stack."
  value       = local.vpc_id
}
