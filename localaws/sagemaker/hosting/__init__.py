"""How an invocation is answered: the kinds of hosts behind a variant, and what an answer leaves behind.

``invoker.py`` chooses a host by the endpoint's route and asks it; ``kinds.py`` says which one a variant has.
"""
