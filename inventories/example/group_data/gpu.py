hardpoint_policy = "gpu.yaml"
