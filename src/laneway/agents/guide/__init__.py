"""Guide: the agent that is there without any setup. It answers from Laneway's own pages and the session's files."""

from laneway.agents.guide.agent import GUIDE, GuideAgent

__all__ = ["GUIDE", "GuideAgent"]
