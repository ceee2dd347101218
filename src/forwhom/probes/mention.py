"""How a written answer is read (systems/mention.py): mitigations read answers the same way."""

from forwhom.systems.mention import mentions as mentions
from forwhom.systems.mention import recommends as recommends
from forwhom.systems.mention import refuses as refuses
