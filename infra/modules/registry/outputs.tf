output "name" {
  description = "Name of the repository."
  value       = var.name
}

output "url" {
  description = "Address of the repository, as in an image reference."
  value       = one(concat(aws_ecr_repository.this[*].repository_url, data.aws_ecr_repository.existing[*].repository_url))
}

output "arn" {
  description = "ARN of the repository."
  value       = one(concat(aws_ecr_repository.this[*].arn, data.aws_ecr_repository.existing[*].arn))
}
