"""Application Auto Scaling for SageMaker's endpoint variants.

``targets.py`` is what is registered, ``policies.py`` how much a policy scales (pure), ``scaler.py`` the
thread of the policies whose alarms go off, ``operations.py`` the handler.
"""
