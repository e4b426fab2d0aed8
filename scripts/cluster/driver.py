"""Run a script in a folder: ``driver.py FOLDER SCRIPT ARGUMENTS``, for Dataproc starts drivers in folders of their own.

It travels alone, to where the library may not be: the script, by its name without .py, comes by --py-files.
"""

import os
import runpy
import sys

folder, script, *arguments = sys.argv[1:]
os.chdir(folder)
sys.argv = [script, *arguments]
runpy.run_module(script, run_name="__main__", alter_sys=True)
