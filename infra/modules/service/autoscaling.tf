resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.scaling.min
  max_capacity       = var.scaling.max

  lifecycle {
    # A schedule moves the range, and an apply in between must not move it back.
    ignore_changes       = [min_capacity, max_capacity]
    replace_triggered_by = [terraform_data.range]
  }
}

# A range or a schedule that changed here arrives all the same: with a new target, and with it all that AWS deletes with
# the old one. Otherwise a schedule that goes while the range is 0 to 0 would leave it there for good.
# Without schedules an update in place would do. ignore_changes takes no condition, and two resources for the one target of
# a service would be made and deleted in an order that Terraform does not promise when a schedule comes or goes.
resource "terraform_data" "range" {
  input = concat([var.scaling.min, var.scaling.max], length(var.scaling.schedules) == 0 ? [] : [jsonencode(var.scaling.schedules)])
}

locals {
  targets = {
    cpu      = { metric = "ECSServiceAverageCPUUtilization", value = var.scaling.cpu_percent, label = null }
    memory   = { metric = "ECSServiceAverageMemoryUtilization", value = var.scaling.memory_percent, label = null }
    requests = { metric = "ALBRequestCountPerTarget", value = var.scaling.requests, label = one([for balancer in [var.load_balancer] : balancer.request_label if balancer != null]) }
  }
}

resource "aws_appautoscaling_policy" "this" {
  for_each = { for name, target in local.targets : name => target if target.value != null }

  name               = "${var.identity.prefix}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.label
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.range]
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = var.scaling.schedules

  name               = "${var.identity.prefix}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = each.value.at
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }

  lifecycle {
    replace_triggered_by = [terraform_data.range]
  }
}

moved {
  from = aws_appautoscaling_policy.cpu
  to   = aws_appautoscaling_policy.this["cpu"]
}

moved {
  from = aws_appautoscaling_policy.memory
  to   = aws_appautoscaling_policy.this["memory"]
}

moved {
  from = aws_appautoscaling_scheduled_action.stop[0]
  to   = aws_appautoscaling_scheduled_action.this["stop"]
}

moved {
  from = aws_appautoscaling_scheduled_action.start[0]
  to   = aws_appautoscaling_scheduled_action.this["start"]
}

moved {
  from = aws_vpc_security_group_ingress_rule.from_load_balancer
  to   = aws_vpc_security_group_ingress_rule.from_load_balancer[0]
}

moved {
  from = aws_vpc_security_group_egress_rule.from_load_balancer
  to   = aws_vpc_security_group_egress_rule.from_load_balancer[0]
}
