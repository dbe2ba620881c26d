output "aws_region" {
  description = "Region of the stack."
  value       = module.stack.aws_region
}

output "url" {
  description = "Where the service answers; null without a load balancer."
  value       = module.stack.url
}

output "health_check_url" {
  description = "What a deployment asks: input health-check-url of the action."
  value       = module.stack.health_check_url
}

output "cluster" {
  description = "Input cluster of the action."
  value       = module.stack.cluster
}

output "service" {
  description = "Input service of the action."
  value       = module.stack.service
}

output "services" {
  description = "Every service: what the action is told of it."
  value       = module.stack.services
}

output "ecr_repository" {
  description = "Input ecr-repository of the action."
  value       = module.stack.ecr_repository
}

output "repository_url" {
  description = "Address of the ECR repository, for docker push."
  value       = module.stack.repository_url
}

output "action_inputs" {
  description = "The job of a deploy workflow, ready to paste: terraform output -raw action_inputs"
  value       = module.stack.action_inputs
}

output "github_variables" {
  description = "Variables for gh variable set --env-file: of the repository, and of the GitHub environment."
  value       = module.stack.github_variables
}

output "deploy_role_arn" {
  description = "Role of the deploy workflow."
  value       = module.stack.deploy_role_arn
}

output "plan_role_arn" {
  description = "Role of plans on pull requests."
  value       = module.stack.plan_role_arn
}

output "infra_plan_role_arn" {
  description = "Role of the workflow that plans Terraform."
  value       = module.stack.infra_plan_role_arn
}

output "infra_role_arn" {
  description = "Role of the workflow that applies Terraform."
  value       = module.stack.infra_role_arn
}

output "trusted_subjects" {
  description = "Subjects of GitHub's tokens that each role trusts."
  value       = module.stack.trusted_subjects
}

output "policies" {
  description = "Policies of the deploy role and of the plan role, as JSON."
  value       = module.stack.policies
}

output "task_definition_family" {
  description = "Family of the task definition."
  value       = module.stack.task_definition_family
}

output "task_role_arn" {
  description = "Role of the application."
  value       = module.stack.task_role_arn
}

output "task_security_group_id" {
  description = "Security group of the tasks."
  value       = module.stack.task_security_group_id
}

output "log_group" {
  description = "Log group of the containers."
  value       = module.stack.log_group
}

output "alarms" {
  description = "Input alarms of the action; ECS watches them during deployments as well."
  value       = module.stack.alarms
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard; null without."
  value       = module.stack.dashboard
}

output "vpc_id" {
  description = "VPC of the stack."
  value       = module.stack.vpc_id
}
