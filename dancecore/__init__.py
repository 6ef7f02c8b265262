"""The science of DanceApp: arrays and frozen dataclasses in and out. Imports no Ray, no HTTP, no SQL."""
