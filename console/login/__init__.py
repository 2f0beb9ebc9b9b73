"""The TikTok login, from the address that a browser opens to the token pair, and its end.

``attempt`` is one login: what is asked, and what is stored of the answer. ``addresses`` checks where TikTok may send
the browser back to, ``proof`` makes what the login is recognised by, ``callback`` reads what came back. ``ways`` has it
come through ``receiver``, which listens on this machine and shows ``page``, or through ``pasted``, at once or in a
later run (``pending``). ``exchange`` trades the code and revokes tokens, ``parting`` ends a connection, ``sentences``
and ``report`` say it all in words.
"""
