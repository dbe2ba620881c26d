# Both alarms fail a deployment that is under way, and ECS or the action rolls it back.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.prefix}-errors"
  alarm_description   = "The service answers with 5xx statuses."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = var.load_balancer, TargetGroup = var.target_group }
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
  alarm_name          = "${var.prefix}-unhealthy"
  alarm_description   = "The load balancer finds tasks unhealthy."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = { LoadBalancer = var.load_balancer, TargetGroup = var.target_group }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

locals {
  balancer = ["LoadBalancer", var.load_balancer, "TargetGroup", var.target_group]
  service  = ["ClusterName", var.cluster_name, "ServiceName", var.service_name]

  metrics = [
    {
      title = "Requests and errors in a minute"
      lines = [
        ["AWS/ApplicationELB", "RequestCount", local.balancer, { stat = "Sum" }],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", local.balancer, { stat = "Sum" }],
        ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", local.balancer, { stat = "Sum" }],
      ]
    },
    {
      title = "Response time in seconds"
      lines = [
        ["AWS/ApplicationELB", "TargetResponseTime", local.balancer, { stat = "p50" }],
        ["AWS/ApplicationELB", "TargetResponseTime", local.balancer, { stat = "p95" }],
      ]
    },
    {
      title = "Tasks in the load balancer"
      lines = [
        ["AWS/ApplicationELB", "HealthyHostCount", local.balancer, { stat = "Minimum" }],
        ["AWS/ApplicationELB", "UnHealthyHostCount", local.balancer, { stat = "Maximum" }],
      ]
    },
    {
      title = "CPU and memory in percent"
      lines = [
        ["AWS/ECS", "CPUUtilization", local.service, { stat = "Average" }],
        ["AWS/ECS", "MemoryUtilization", local.service, { stat = "Average" }],
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
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
          metrics = [for line in metric.lines : concat([line[0], line[1]], line[2], [line[3]])]
        }
      }],
      [
        {
          type       = "alarm"
          x          = 0
          y          = 12
          width      = 6
          height     = 6
          properties = { title = "Alarms", alarms = [aws_cloudwatch_metric_alarm.errors.arn, aws_cloudwatch_metric_alarm.unhealthy.arn] }
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
            query  = "SOURCE '${var.log_group}' | fields @timestamp, @message | sort @timestamp desc | limit 50"
          }
        },
      ],
    )
  })
}
