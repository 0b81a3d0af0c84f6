forget()
