"""The packaged zip as Lambda sees it: started by the real runtime client, with nothing else to import from."""
