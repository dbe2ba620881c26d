output "state_bucket" {
  description = "Name of the bucket of the states: -backend-config of every terraform init, and state_bucket of every environment."
  value       = aws_s3_bucket.state.bucket
}

output "repositories" {
  description = "Addresses of the repositories, by their names."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "identity_provider_arn" {
  description = "ARN of GitHub's identity provider."
  value       = aws_iam_openid_connect_provider.github.arn
}
