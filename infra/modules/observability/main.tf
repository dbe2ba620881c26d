# Both alarms fail a deployment that is under way, and ECS or the action rolls it back.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = var.services

  alarm_name          = "${each.value.prefix}-errors"
  alarm_description   = "The service answers with 5xx statuses."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = var.load_balancer, TargetGroup = each.value.target_group }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.alarm_5xx_count
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  for_each = var.services

  alarm_name        = "${each.value.prefix}-unhealthy"
  alarm_description = "The load balancer finds tasks unhealthy."
  namespace         = "AWS/ApplicationELB"
  metric_name       = "UnHealthyHostCount"
  dimensions        = { LoadBalancer = var.load_balancer, TargetGroup = each.value.target_group }
  statistic         = "Minimum"
  period            = 60
  # Not before a task that starts slowly has had its time.
  evaluation_periods  = 2 + max(1, ceil(each.value.grace_seconds / 60))
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

locals {
  balancers = [for name in sort(keys(var.services)) : ["LoadBalancer", var.load_balancer, "TargetGroup", var.services[name].target_group]]
  tasks     = [for name in sort(var.service_names) : ["ClusterName", var.cluster_name, "ServiceName", name]]

  metrics = concat(
    length(var.services) == 0 ? [] : [
      {
        title = "Requests and errors in a minute"
        lines = flatten([for balancer in local.balancers : [for metric in ["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count"] : jsonencode(concat(["AWS/ApplicationELB", metric], balancer, [{ stat = "Sum" }]))]])
      },
      {
        title = "Response time in seconds"
        lines = flatten([for balancer in local.balancers : [for stat in ["p50", "p95"] : jsonencode(concat(["AWS/ApplicationELB", "TargetResponseTime"], balancer, [{ stat = stat }]))]])
      },
      {
        title = "Tasks in the load balancer"
        lines = flatten([for balancer in local.balancers : [for metric, stat in { HealthyHostCount = "Minimum", UnHealthyHostCount = "Maximum" } : jsonencode(concat(["AWS/ApplicationELB", metric], balancer, [{ stat = stat }]))]])
      },
    ],
    [{
      title = "CPU and memory in percent"
      lines = flatten([for service in local.tasks : [for metric in ["CPUUtilization", "MemoryUtilization"] : jsonencode(concat(["AWS/ECS", metric], service, [{ stat = "Average" }]))]])
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.prefix
  dashboard_body = jsonencode({
    widgets = concat(
      [for at, metric in local.metrics : {
        type   = "metric"
        x      = 12 * (at % 2)
        y      = 6 * floor(at / 2)
        width  = 12
        height = 6
        properties = {
          title   = metric.title
          region  = var.region
          view    = "timeSeries"
          period  = 60
          metrics = [for line in metric.lines : jsondecode(line)]
        }
      }],
      [
        {
          type       = "alarm"
          x          = 0
          y          = 12
          width      = 6
          height     = 6
          properties = { title = "Alarms", alarms = flatten([for name in sort(keys(var.services)) : [aws_cloudwatch_metric_alarm.errors[name].arn, aws_cloudwatch_metric_alarm.unhealthy[name].arn]]) }
        },
        {
          type   = "log"
          x      = 6
          y      = 12
          width  = 18
          height = 6
          properties = {
            title  = "Last lines"
            region = var.region
            view   = "table"
            query  = "${join(" ", [for group in var.log_groups : "SOURCE '${group}' |"])} fields @timestamp, @message | sort @timestamp desc | limit 50"
          }
        },
      ],
    )
  })
}

moved {
  from = aws_cloudwatch_dashboard.this
  to   = aws_cloudwatch_dashboard.this[0]
}
