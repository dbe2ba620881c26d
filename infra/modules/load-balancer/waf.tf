locals {
  # AWS's managed rule groups, in the order in which they are asked.
  waf_rules = ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"]

  # Rules of the last group that look into bodies: they count and label, and the rule "bodies" blocks by their labels.
  waf_body_rules = ["CrossSiteScripting", "GenericLFI", "GenericRFI", "EC2MetaDataSSRF"]
}

resource "aws_wafv2_web_acl" "this" {
  count = var.waf ? 1 : 0

  name        = var.prefix
  description = "Managed rules in front of ${var.prefix}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  # First, so that a flood costs no more than this rule. The address is that of the connection: behind a CDN it is the CDN's.
  rule {
    name     = "rate"
    priority = 0

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit              = var.waf_rate_limit
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      metric_name                = "rate"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.waf_rules
    content {
      name     = rule.value
      priority = rule.key + 1

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          name        = rule.value
          vendor_name = "AWS"

          # Uploads are larger than the 8 KB of SizeRestrictions; the service has a limit of its own.
          dynamic "rule_action_override" {
            for_each = rule.value == "AWSManagedRulesCommonRuleSet" ? [for name in concat(["SizeRestrictions"], local.waf_body_rules) : "${name}_BODY"] : []
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        metric_name                = rule.value
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  # A file may hold by chance what these rules look for, so they do not count where files are uploaded.
  rule {
    name     = "bodies"
    priority = length(local.waf_rules) + 1

    action {
      block {}
    }

    statement {
      and_statement {
        statement {
          or_statement {
            dynamic "statement" {
              for_each = local.waf_body_rules
              content {
                label_match_statement {
                  scope = "LABEL"
                  key   = "awswaf:managed:aws:core-rule-set:${statement.value}_Body"
                }
              }
            }
          }
        }

        statement {
          not_statement {
            statement {
              regex_match_statement {
                # No path is empty, so that without upload_paths it is every path.
                regex_string = length(var.upload_paths) == 0 ? "^$" : "^(${join("|", var.upload_paths)})(/|$)"

                field_to_match {
                  uri_path {}
                }

                text_transformation {
                  priority = 0
                  type     = "NORMALIZE_PATH"
                }
              }
            }
          }
        }
      }
    }

    visibility_config {
      metric_name                = "bodies"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    metric_name                = var.prefix
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.waf ? 1 : 0

  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this[0].arn
}

resource "aws_cloudwatch_log_group" "waf" {
  #checkov:skip=CKV_AWS_338:Kept as long as log_retention_days says, 7 days by default.
  #checkov:skip=CKV_AWS_158:The key is the stack's with log_encryption = true, the default.
  count = var.waf ? 1 : 0

  name              = "aws-waf-logs-${var.prefix}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  count = var.waf ? 1 : 0

  resource_arn            = aws_wafv2_web_acl.this[0].arn
  log_destination_configs = [aws_cloudwatch_log_group.waf[0].arn]

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}
