output "deploy_role_arn" {
  description = "ARN of the role that deploys."
  value       = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  description = "ARN of the role that plans."
  value       = aws_iam_role.plan.arn
}

output "infra_role_arn" {
  description = "ARN of the role that applies Terraform."
  value       = aws_iam_role.infra.arn
}

output "infra_plan_role_arn" {
  description = "ARN of the role that plans Terraform."
  value       = aws_iam_role.infra_plan.arn
}

output "boundary_arn" {
  description = "Permissions boundary of every role of the stack but those of Terraform."
  value       = local.boundary
}

output "policies" {
  description = "The policies of the deploy role and of the plan role, as JSON."
  value       = local.policies
}

output "subjects" {
  description = "Subjects that each role trusts."
  value       = { for role, context in local.contexts : role => [for repository in local.repositories : "${repository}:${context}"] }
}
