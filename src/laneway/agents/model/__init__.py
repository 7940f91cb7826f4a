"""Model: agents that are language models, of any provider that pydantic-ai knows. Needs the extra `models`.

Importing this takes seconds and a package that not everybody has: only the composition root does it, when it must.
"""

from laneway.agents.model.agent import ModelAgent
from laneway.agents.model.provider import ModelSettings

__all__ = ["ModelAgent", "ModelSettings"]
