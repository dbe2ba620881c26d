resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.min_capacity
  max_capacity       = var.max_capacity

  lifecycle {
    # At night the schedule has moved the range.
    ignore_changes       = [min_capacity, max_capacity]
    replace_triggered_by = [terraform_data.range]
  }
}

# A range that changed here arrives all the same: with a new target, and with it all that AWS deletes with the old one.
resource "terraform_data" "range" {
  input = [var.min_capacity, var.max_capacity]
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "${var.prefix}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.cpu_target_percent
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.range]
  }
}

resource "aws_appautoscaling_policy" "memory" {
  name               = "${var.prefix}-memory"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.memory_target_percent
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageMemoryUtilization"
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.range]
  }
}

resource "aws_appautoscaling_scheduled_action" "stop" {
  count = var.night == null ? 0 : 1

  name               = "${var.prefix}-stop"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = var.night.stop
  timezone           = var.night.timezone

  scalable_target_action {
    min_capacity = 0
    max_capacity = 0
  }

  lifecycle {
    replace_triggered_by = [terraform_data.range]
  }
}

resource "aws_appautoscaling_scheduled_action" "start" {
  count = var.night == null ? 0 : 1

  name               = "${var.prefix}-start"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = var.night.start
  timezone           = var.night.timezone

  scalable_target_action {
    min_capacity = max(1, var.min_capacity)
    max_capacity = var.max_capacity
  }

  lifecycle {
    replace_triggered_by = [terraform_data.range]
  }
}
