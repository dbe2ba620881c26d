output "alarm_names" {
  description = "Names of the alarms by service, for the deployment configuration: an alarm must exist before."
  value       = { for name in keys(var.services) : name => [aws_cloudwatch_metric_alarm.errors[name].alarm_name, aws_cloudwatch_metric_alarm.unhealthy[name].alarm_name] }
}

output "dashboard_name" {
  description = "Name of the dashboard; null without."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}
