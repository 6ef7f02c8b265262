"""Labelled dances, wherever they come from: motion packs, videos, and folders of clips (synthetic ones among them)."""
