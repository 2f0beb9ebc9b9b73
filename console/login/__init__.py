"""The TikTok login, from the address that a browser opens to the token pair.

``addresses`` checks where TikTok may send the browser back to and writes the authorise address, ``proof`` makes what
the login is recognised by, ``callback`` reads what came back. It comes through ``receiver``, which listens on this
machine and shows ``page``, or through ``pasted``, which reads it from the terminal; ``pending`` keeps a login that is
finished by a later run. ``exchange`` trades the code and revokes tokens, ``sentences`` says what TikTok's errors mean.
"""
