resource "aws_ecs_service" "this" {
  # The breaker is of rolling deployments; a shift ends by its alarms and hooks.
  dynamic "deployment_circuit_breaker" {
    for_each = var.progressive == null ? ["rolling"] : []
    content {
      enable   = true
      rollback = true
    }
  }

  dynamic "deployment_configuration" {
    for_each = var.progressive == null ? [] : [var.progressive]
    content {
      strategy             = deployment_configuration.value.strategy
      bake_time_in_minutes = deployment_configuration.value.bake_minutes

      dynamic "linear_configuration" {
        for_each = deployment_configuration.value.strategy == "LINEAR" ? [deployment_configuration.value] : []
        content {
          step_percent              = linear_configuration.value.percent
          step_bake_time_in_minutes = linear_configuration.value.step_minutes
        }
      }

      dynamic "canary_configuration" {
        for_each = deployment_configuration.value.strategy == "CANARY" ? [deployment_configuration.value] : []
        content {
          canary_percent              = canary_configuration.value.percent
          canary_bake_time_in_minutes = canary_configuration.value.step_minutes
        }
      }

      dynamic "lifecycle_hook" {
        for_each = deployment_configuration.value.hooks
        content {
          hook_target_arn  = lifecycle_hook.value.function_arn
          role_arn         = deployment_configuration.value.role_arn
          lifecycle_stages = lifecycle_hook.value.stages
        }
      }
    }
  }

  dynamic "load_balancer" {
    for_each = var.load_balancer == null ? [] : [var.load_balancer]
    content {
      target_group_arn = load_balancer.value.target_group_arn
      container_name   = var.identity.name
      container_port   = var.container.port

      dynamic "advanced_configuration" {
        for_each = var.progressive == null ? [] : [var.progressive]
        content {
          alternate_target_group_arn = advanced_configuration.value.alternate_target_group_arn
          production_listener_rule   = advanced_configuration.value.production_rule_arn
          test_listener_rule         = advanced_configuration.value.test_rule_arn
          role_arn                   = advanced_configuration.value.role_arn
        }
      }
    }
  }
}
