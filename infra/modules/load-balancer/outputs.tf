output "target_group_arns" {
  description = "ARNs of the target groups by service, once a listener uses them: ECS refuses one without a load balancer."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }
  depends_on  = [aws_lb_listener.http, aws_lb_listener.https, aws_lb_listener_rule.this]
}

output "arn_suffix" {
  description = "Name of the load balancer in its metrics."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arn_suffixes" {
  description = "Names of the target groups in their metrics, by service."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn_suffix }
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}

output "url" {
  description = "Where users find the service."
  value       = var.domain_name != null ? "https://${var.domain_name}" : "${var.https ? "https" : "http"}://${aws_lb.this.dns_name}"
}
