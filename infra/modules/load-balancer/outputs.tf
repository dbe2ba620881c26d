output "target_group_arn" {
  description = "ARN of the target group, once a listener uses it: ECS refuses one without a load balancer."
  value       = aws_lb_target_group.this.arn
  depends_on  = [aws_lb_listener.http, aws_lb_listener.https]
}

output "arn_suffix" {
  description = "Name of the load balancer in its metrics."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arn_suffix" {
  description = "Name of the target group in its metrics."
  value       = aws_lb_target_group.this.arn_suffix
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}

output "url" {
  description = "Where users find the service."
  value       = var.domain_name != null ? "https://${var.domain_name}" : "${var.https ? "https" : "http"}://${aws_lb.this.dns_name}"
}
