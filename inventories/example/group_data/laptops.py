hardpoint_policy = "company.yaml"
