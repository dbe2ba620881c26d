variable "progressive" {
  description = "How ECS shifts the requests of the service; null: it rolls."
  type = object({
    strategy                   = string
    percent                    = number
    step_minutes               = number
    bake_minutes               = number
    hooks                      = map(object({ function_arn = string, stages = list(string) }))
    role_arn                   = string
    alternate_target_group_arn = string
    production_rule_arn        = string
    test_rule_arn              = string
  })
  default = null
}
