"""The learned classifier of moves. Training needs the extra `train` (torch); running it needs ONNX Runtime alone."""
