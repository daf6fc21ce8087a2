"""The ONNX intent model."""
