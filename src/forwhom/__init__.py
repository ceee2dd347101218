"""forwhom: safe for whom, in which combination, and after how long?"""
