output "service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "task_role_arn" {
  description = "ARN of the role of the application."
  value       = aws_iam_role.task.arn
}

output "execution_role_arn" {
  description = "ARN of the role that starts tasks."
  value       = aws_iam_role.execution.arn
}

output "security_group_id" {
  description = "Security group of the tasks: let it in where they have to reach, such as a database; egress of the service lets them out."
  value       = aws_security_group.tasks.id
}

output "task_definition_arn" {
  description = "ARN of the revision that Terraform registered last."
  value       = aws_ecs_task_definition.this.arn
}
