resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights are on unless container_insights says otherwise.
  #checkov:skip=CKV_AWS_224:With ECS Exec its session and its log are encrypted with the stack's key; see log_encryption.
  name = var.cluster_name

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }

  dynamic "configuration" {
    for_each = var.execute_command ? ["exec"] : []
    content {
      execute_command_configuration {
        kms_key_id = var.log_key_arn
        logging    = "OVERRIDE"

        log_configuration {
          cloud_watch_log_group_name     = var.exec_log_group_name
          cloud_watch_encryption_enabled = var.log_key_arn != null
        }
      }
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = var.cluster_capacity_providers
}
