output "arn" {
  description = "ARN of the cluster, once its capacity providers are associated."
  value       = aws_ecs_cluster.this.arn
  depends_on  = [aws_ecs_cluster_capacity_providers.this]
}

output "name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "namespace_arn" {
  description = "Namespace of Service Connect; null without."
  value       = one(aws_service_discovery_http_namespace.this[*].arn)
}

output "connect_security_group_id" {
  description = "Security group of the services that reach each other; null without."
  value       = one(aws_security_group.connect[*].id)
}
