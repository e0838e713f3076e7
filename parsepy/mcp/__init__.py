"""MCP, the Model Context Protocol: a front door for agents, over stdio and HTTP.

What stands here can be had without the SDK, which takes half a second to load. ``tools/`` has the
table of tools, ``server`` makes a server of it, ``door`` answers HTTP.
"""
