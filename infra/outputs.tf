output "url" {
  description = "Where the service answers."
  value       = module.load_balancer.url
}

output "cluster" {
  description = "Input cluster of the action."
  value       = local.cluster_name
}

output "service" {
  description = "Input service of the action."
  value       = module.service.service_name
}

output "ecr_repository" {
  description = "Input ecr-repository of the action."
  value       = local.repository
}

output "repository_url" {
  description = "Address of the ECR repository, for docker push."
  value       = data.aws_ecr_repository.this.repository_url
}

output "action_inputs" {
  description = "The step of a deploy workflow, ready to paste: terraform output -raw action_inputs"
  value       = <<-YAML
    - uses: aws-actions/configure-aws-credentials@v6
      with:
        role-to-assume: ${module.deploy_role.deploy_role_arn}
        aws-region: ${var.aws_region}
    - uses: org/ecs-fargate-deploy@v1
      with:
        cluster: ${local.cluster_name}
        service: ${module.service.service_name}
        ecr-repository: ${local.repository}
        context: ${var.name}
        health-check-url: ${module.load_balancer.url}${var.health_check_path}
        alarms: |
          ${join("\n          ", module.observability.alarm_names)}
  YAML
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
  value       = local.family
}

output "task_role_arn" {
  description = "Role of the application."
  value       = module.service.task_role_arn
}

output "task_security_group_id" {
  description = "Security group of the tasks."
  value       = module.service.security_group_id
}

output "log_group" {
  description = "Log group of the containers."
  value       = aws_cloudwatch_log_group.container.name
}

output "alarms" {
  description = "Input alarms of the action; ECS watches them during deployments as well."
  value       = module.observability.alarm_names
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard."
  value       = module.observability.dashboard_name
}

output "vpc_id" {
  description = "VPC of the stack."
  value       = local.vpc_id
}
